// Reads a file's credentials by the library for browsers, and prints what it makes of them.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, path] = process.argv.slice(2);
const library = `${folder}/node_modules/@contentauth/c2pa-wasm/pkg`;
const { default: init, WasmReader } = await import(pathToFileURL(`${library}/c2pa.js`));
await init({ module_or_path: readFileSync(`${library}/c2pa_bg.wasm`) });

// Node has no synchronous reader of blobs, which the library asks workers for.
class SyncBlob extends Blob {
  constructor(bytes) {
    super([bytes]);
    this.bytes = bytes;
  }
  slice(start, end) {
    return new SyncBlob(this.bytes.subarray(start, end));
  }
}
globalThis.FileReaderSync = class {
  readAsArrayBuffer(blob) {
    return blob.bytes.slice().buffer;
  }
};
const kinds = { jpeg: "image/jpeg", png: "image/png", webp: "image/webp", avif: "image/avif" };
try {
  const blob = new SyncBlob(new Uint8Array(readFileSync(path)));
  const reader = await WasmReader.fromBlob(kinds[path.split(".").pop()], blob);
  console.log(JSON.stringify({ state: JSON.parse(reader.json()).validation_state }));
} catch (error) {
  console.error(String(error));
  console.log("null");
}
