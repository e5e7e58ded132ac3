/** Jobs: videos and pictures that the service renders in their turn. */

import { type Input, blobOf, blobsOf, multipart } from "./inputs.js";
import { type CallOptions, type Transport, headerValue } from "./transport.js";
import type { Job, JobPage, JobStatus, Webhook } from "./types.js";
import { isFinal, waitFor, watch } from "./watching.js";

/** Milliseconds that sending a video may take unless the caller says otherwise. */
const SUBMIT_TIMEOUT_MS = 3_600_000;
const PAGE = 100;

/** What a job is made of. */
export interface JobRequest {
  /** Portraits of the new face. */
  sources?: Input | readonly Input[] | undefined;
  /** An enrolled identity (`idn_…`), instead of sources. */
  sourceId?: string | undefined;
  /** The video or picture; a `Blob` of a file (`fs.openAsBlob`) need not fit into memory. */
  target?: Input | undefined;
  /** A finished upload (`upl_…`), instead of the target. */
  targetUpload?: string | undefined;
  /** The person to select. */
  references?: Input | readonly Input[] | undefined;
  /** As docs/reference/options.md has them, with those of `video`. */
  options?: Readonly<Record<string, unknown>> | undefined;
  /** Who is to be told, and of what. */
  webhook?: Webhook | undefined;
  priority?: "high" | "normal" | "low" | undefined;
  /** How long it is kept after its end, such as `6h`. */
  retention?: string | undefined;
  /** Time after which it is canceled, such as `5m`. */
  cancelAfter?: string | undefined;
  /** Makes it safe to submit the same again; a new one for each call unless given. */
  idempotencyKey?: string | undefined;
}

/** What a list of jobs is restricted to. */
export interface JobListCall extends CallOptions {
  /** Only jobs in one of these states. */
  statuses?: readonly JobStatus[] | undefined;
}

/** The output of a job, as it arrives. */
export interface Download {
  /** Its bytes; read them to the end, or cancel them. Breaks reject with a `SemblantError`. */
  body: ReadableStream<Uint8Array> & AsyncIterable<Uint8Array>;
  mediaType: string;
  /** Bytes in total; undefined if the service does not say. */
  sizeBytes: number | undefined;
  /** Tag of the content. */
  etag: string;
}

/** The jobs of a tenant. Every method rejects with a `SemblantError`. */
export class Jobs {
  readonly #transport: Transport;

  /** @internal */
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Submits a job, and returns it as it was accepted: it is then executed, whatever happens. */
  async submit(request: JobRequest, call: CallOptions = {}): Promise<Job> {
    const { signal, timeoutMs = SUBMIT_TIMEOUT_MS } = call;
    const body = {
      source: blobsOf(request.sources),
      source_id: request.sourceId,
      target: request.target && blobOf(request.target),
      target_upload: request.targetUpload,
      reference: blobsOf(request.references),
      options: request.options as Record<string, never> | undefined,
      webhook: request.webhook,
      priority: request.priority,
      retention: request.retention,
    };
    const header = {
      "Idempotency-Key": headerValue("idempotencyKey", request.idempotencyKey ?? crypto.randomUUID()),
      "Cancel-After": headerValue("cancelAfter", request.cancelAfter),
    };
    // Its key makes it idempotent.
    const sending = { signal, timeoutMs, idempotent: true };
    const { data } = await this.#transport.send(sending, (api, signal) =>
      api.POST("/v1/jobs", { body, bodySerializer: multipart, params: { header }, signal }),
    );
    return data;
  }

  /** Returns a job; `job_not_found` if there is none of that id. */
  async get(id: string, call: CallOptions = {}): Promise<Job> {
    const { data } = await this.#transport.send({ ...call, idempotent: true }, (api, signal) =>
      api.GET("/v1/jobs/{id}", { params: { path: { id } }, signal }),
    );
    return data;
  }

  /** Yields all jobs, the latest first; pages are fetched as they are needed. */
  async *list({ statuses, ...call }: JobListCall = {}): AsyncGenerator<Job, void, void> {
    let token: string | undefined;
    do {
      const query = { status: [...(statuses ?? [])], limit: PAGE, page_token: token };
      const { data }: { data: JobPage } = await this.#transport.send(
        { ...call, idempotent: true },
        (api, signal) => api.GET("/v1/jobs", { params: { query }, signal }),
      );
      yield* data.jobs;
      token = data.next ?? undefined;
    } while (token !== undefined);
  }

  /**
   * Yields a job whenever it has changed, at last as it ended. A broken connection is made anew, and
   * continues after the last event; `timeoutMs` is for each of them to be made.
   */
  watch(id: string, call: CallOptions = {}): AsyncGenerator<Job, void, void> {
    return watch(this.#transport, id, call);
  }

  /**
   * Returns a job once it has ended, with any status. `timeoutMs` is for all of the waiting, which
   * is not limited unless it is given; `deadline_exceeded` if the job has not ended by then.
   */
  async wait(id: string, call: CallOptions = {}): Promise<Job> {
    const job = await waitFor(this.#transport, id, call);
    return job && isFinal(job) ? job : this.get(id, { signal: call.signal });
  }

  /** Cancels a job; one that has ended stays as it is. */
  async cancel(id: string, call: CallOptions = {}): Promise<Job> {
    const { data } = await this.#transport.send({ ...call, idempotent: true }, (api, signal) =>
      api.POST("/v1/jobs/{id}/cancel", { params: { path: { id } }, signal }),
    );
    return data;
  }

  /** Lets a failed job go on; `job_not_resumable` if it did not fail, or its files are gone. */
  async resume(id: string, call: CallOptions = {}): Promise<Job> {
    const { data } = await this.#transport.send(call, (api, signal) =>
      api.POST("/v1/jobs/{id}/resume", { params: { path: { id } }, signal }),
    );
    return data;
  }

  /** Deletes a job and its files; one that has not ended is canceled first. */
  async delete(id: string, call: CallOptions = {}): Promise<void> {
    await this.#transport.delete(call, (api, signal) =>
      api.DELETE("/v1/jobs/{id}", { params: { path: { id } }, signal }),
    );
  }

  /**
   * Returns what a job made; `job_not_finished` if it has not succeeded. `timeoutMs` is for the
   * answer to begin, and then for each wait for more of it.
   */
  async download(id: string, call: CallOptions = {}): Promise<Download> {
    const { body, response } = await this.#transport.open(
      { ...call, idempotent: true },
      (api, signal) =>
        api.GET("/v1/jobs/{id}/output", {
          params: { path: { id } },
          headers: { Accept: "*/*" },
          parseAs: "stream",
          signal,
        }),
    );
    const size = response.headers.get("content-length");
    return {
      body,
      mediaType: response.headers.get("content-type") ?? "",
      sizeBytes: size === null ? undefined : Number(size),
      etag: response.headers.get("etag") ?? "",
    };
  }
}
