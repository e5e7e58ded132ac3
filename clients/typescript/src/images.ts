/** Swaps in pictures, and what is seen in pictures and videos. */

import { countOf, qualityOf, timingsOf, warningsOf } from "./answers.js";
import { foreignAnswer } from "./errors.js";
import { type Input, blobOf, blobsOf, multipart } from "./inputs.js";
import { jsonLinesOf } from "./streams.js";
import type { CallOptions, Sending, Transport } from "./transport.js";
import type {
  FacesOptions,
  FacesReport,
  SwapOptions,
  SwapReport,
  TrackLine,
  TrackOptions,
} from "./types.js";

/** Milliseconds that a video, or a set of pictures, may take unless the caller says otherwise. */
export const LONG_TIMEOUT_MS = 600_000;
/** Milliseconds beyond the service's own limit, for what is not its work: sending and answering. */
const MARGIN_MS = 5_000;

/** What a swap takes besides its pictures. */
export interface SwapCall extends CallOptions {
  options?: SwapOptions | undefined;
  /** The person to select, for `face_selector.mode` = `reference`; several for `mapping`. */
  references?: Input | readonly Input[] | undefined;
  /** An enrolled identity (`idn_…`), instead of sources. */
  sourceId?: string | undefined;
}

/** What a swap to a picture takes. */
export interface SwapPictureCall extends SwapCall {
  /** Format of the result; that of the options or of the target unless given. */
  mediaType?: "image/png" | "image/jpeg" | "image/webp" | "image/avif" | undefined;
}

/** What a swap to a report takes. */
export interface SwapReportCall extends SwapCall {
  /** Whether the report holds the picture, in Base64. */
  inline?: boolean | undefined;
}

/** A picture with another face. */
export interface SwapResult {
  /** The encoded picture. */
  data: Uint8Array;
  mediaType: string;
  facesFound: number;
  facesSwapped: number;
  /** Conditions that may have spoiled the result. */
  warnings: string[];
  /** Figures of the swapped faces, of each the worst. */
  quality: Record<string, number>;
  /** Milliseconds by stage. */
  timingsMs: Record<string, number>;
  requestId: string;
}

/** Returns how a call for work is timed: the service's limit, and how long its answer is awaited. */
export function working(
  transport: Transport,
  { signal, timeoutMs = transport.timeoutMs }: CallOptions,
): { sending: Sending; header: { "X-Request-Timeout"?: number } } {
  return {
    sending: { signal, timeoutMs: timeoutMs + MARGIN_MS },
    header: Number.isFinite(timeoutMs) ? { "X-Request-Timeout": timeoutMs / 1000 } : {},
  };
}

/** See `SemblantClient.swap`. */
export async function swap(
  transport: Transport,
  sources: Input | readonly Input[],
  target: Input,
  call: SwapPictureCall,
): Promise<SwapResult> {
  const { sending, header } = working(transport, call);
  const body = swapForm(sources, target, call);
  const headers = { Accept: call.mediaType ?? "*/*" };
  const { data, response } = await transport.send(sending, (api, signal) =>
    api.POST("/v1/swaps", {
      body,
      bodySerializer: multipart,
      params: { header },
      headers,
      parseAs: "arrayBuffer",
      signal,
    }),
  );
  const mediaType = response.headers.get("content-type") ?? "";
  const facesFound = countOf(response.headers, "x-semblant-faces-found");
  const facesSwapped = countOf(response.headers, "x-semblant-faces-swapped");
  if (facesFound === undefined || facesSwapped === undefined || !mediaType.startsWith("image/")) {
    throw foreignAnswer(response);
  }
  return {
    data: new Uint8Array(data),
    mediaType,
    facesFound,
    facesSwapped,
    warnings: warningsOf(response.headers),
    quality: qualityOf(response.headers),
    timingsMs: timingsOf(response.headers),
    requestId: response.headers.get("x-request-id") ?? "",
  };
}

/** See `SemblantClient.swapReport`. */
export async function swapReport(
  transport: Transport,
  sources: Input | readonly Input[],
  target: Input,
  call: SwapReportCall,
): Promise<SwapReport> {
  const { sending, header } = working(transport, call);
  const body = swapForm(sources, target, call);
  const { data } = await transport.send(sending, (api, signal) =>
    api.POST("/v1/swaps", {
      body,
      bodySerializer: multipart,
      params: { header, query: { inline: call.inline ?? false } },
      signal,
    }),
  );
  return data as SwapReport;
}

function swapForm(sources: Input | readonly Input[], target: Input, call: SwapCall) {
  return {
    source: blobsOf(sources),
    source_id: call.sourceId,
    target: blobOf(target),
    reference: blobsOf(call.references),
    options: call.options,
  };
}

/** See `SemblantClient.faces`. */
export async function faces(
  transport: Transport,
  image: Input,
  { options, ...call }: CallOptions & { options?: FacesOptions | undefined },
): Promise<FacesReport> {
  const { sending, header } = working(transport, call);
  const body = { image: blobOf(image), options };
  const { data } = await transport.send(sending, (api, signal) =>
    api.POST("/v1/faces", { body, bodySerializer: multipart, params: { header }, signal }),
  );
  return data;
}

/** A face followed through a video: its lines, one for each analysed frame, read once. */
export class Track implements AsyncIterable<TrackLine> {
  /** `damaged` if a part of the video could not be read; known with the first line. */
  warnings: readonly string[] = [];
  /** Milliseconds by stage; known with the first line. */
  timingsMs: Readonly<Record<string, number>> = {};
  readonly #lines: AsyncGenerator<TrackLine, void, void>;

  /** @internal */
  constructor(
    transport: Transport,
    video: Input,
    call: CallOptions & { options?: TrackOptions | undefined },
  ) {
    this.#lines = this.#read(transport, { video: blobOf(video), options: call.options }, call);
  }

  [Symbol.asyncIterator](): AsyncGenerator<TrackLine, void, void> {
    return this.#lines;
  }

  async *#read(
    transport: Transport,
    body: { video: Blob; options?: TrackOptions | undefined },
    { signal, timeoutMs = LONG_TIMEOUT_MS }: CallOptions,
  ): AsyncGenerator<TrackLine, void, void> {
    const { sending, header } = working(transport, { signal, timeoutMs });
    const { body: bytes, response } = await transport.open(sending, (api, signal) =>
      api.POST("/v1/tracks", {
        body,
        bodySerializer: multipart,
        params: { header },
        headers: { Accept: "application/x-ndjson" },
        parseAs: "stream",
        signal,
      }),
    );
    this.warnings = warningsOf(response.headers);
    this.timingsMs = timingsOf(response.headers);
    yield* jsonLinesOf<TrackLine>(bytes);
  }
}
