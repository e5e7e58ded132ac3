/** What callers hand in, and how it is sent: as the parts of a form. */

/** The bytes of a picture or video. A `Blob` of a file (`fs.openAsBlob`) is read as it is sent. */
export type Input = Blob | Uint8Array | ArrayBuffer;

/** Returns an input as a blob; throws `TypeError` for anything else. */
export function blobOf(input: Input): Blob {
  if (input instanceof Blob) {
    return input;
  }
  if (input instanceof Uint8Array || input instanceof ArrayBuffer) {
    return new Blob([input as Uint8Array<ArrayBuffer> | ArrayBuffer]);
  }
  throw new TypeError("an input is a Blob, a Uint8Array or an ArrayBuffer");
}

/** Returns the blobs of one input or several, none for none. */
export function blobsOf(inputs: Input | readonly Input[] = []): Blob[] {
  return (isList(inputs) ? inputs : [inputs]).map(blobOf);
}

function isList(inputs: Input | readonly Input[]): inputs is readonly Input[] {
  return Array.isArray(inputs);
}

/** Returns a form: blobs are files, lists are repeated, objects are JSON, `undefined` is left out. */
export function multipart(fields: object): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields) as [string, unknown][]) {
    for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (one instanceof Blob) {
        form.append(name, one, name);
      } else if (one !== undefined) {
        form.append(name, typeof one === "string" ? one : JSON.stringify(one));
      }
    }
  }
  return form;
}
