/** Sending requests: headers, time limits, repeated attempts, and errors. */

import createClient, { type Client } from "openapi-fetch";

import { Deadline, pause } from "./deadline.js";
import { SemblantError, foreignAnswer, problemError, unreachable } from "./errors.js";
import { retryDelay } from "./retries.js";
import type { paths } from "./schema.js";
import { guarded } from "./streams.js";

/** What a client is made with. */
export interface ClientOptions {
  /** Address of the service, such as `http://127.0.0.1:8000`. */
  baseUrl: string;
  /** Sent as `Authorization: Bearer`; the variable `SEMBLANT_API_KEY` unless given. */
  apiKey?: string | undefined;
  /** What requests are sent with; the platform's `fetch` unless given. */
  fetch?: typeof globalThis.fetch | undefined;
  /** Milliseconds that a call may take, repeated attempts included; 60,000 unless given. */
  timeoutMs?: number | undefined;
  /** Owner of the jobs, sent as `X-Semblant-Tenant`. */
  tenant?: string | undefined;
  /** How often a call that found the service busy or away is repeated at most; 2 unless given. */
  retries?: number | undefined;
}

/** What every call takes. */
export interface CallOptions {
  /** Ends the call; it then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Milliseconds that this call may take. */
  timeoutMs?: number | undefined;
}

/** How a call is sent. */
export interface Sending extends CallOptions {
  /** Whether it does the same however often it is sent. */
  idempotent?: boolean;
  retries?: number;
  /** Milliseconds without a byte after which a stream counts as broken; the call's own by default. */
  idleMs?: number;
}

export type Api = Client<paths>;
export type Reply<T> = { data?: T; error?: unknown; response: Response };
export type Attempt<T> = (api: Api, signal: AbortSignal) => Promise<Reply<T>>;

export class Transport {
  readonly timeoutMs: number;
  readonly #api: Api;
  readonly #retries: number;
  readonly #warned = new Set<string>();

  constructor({ baseUrl, apiKey, fetch, timeoutMs = 60_000, tenant, retries = 2 }: ClientOptions) {
    this.timeoutMs = timeoutMs;
    this.#retries = retries;
    this.#api = createClient<paths>({
      baseUrl: checkedAddress(baseUrl),
      headers: {
        Accept: "application/json",
        Authorization: authorization(apiKey ?? globalThis.process?.env["SEMBLANT_API_KEY"]),
        "X-Semblant-Tenant": headerValue("tenant", tenant),
      },
      fetch: (request) => (fetch ?? globalThis.fetch)(request),
    });
  }

  /** Sends a call and returns its answer, read to the end; throws `SemblantError`. */
  async send<T>(sending: Sending, attempt: Attempt<T>): Promise<{ data: T; response: Response }> {
    const { response, data } = await this.sendForNothing(sending, attempt);
    if (data === undefined || data === null) {
      throw foreignAnswer(response);
    }
    return { data, response };
  }

  /** Sends a call whose answer need have no body; throws as `send`. */
  async sendForNothing<T>(sending: Sending, attempt: Attempt<T>): Promise<Reply<T>> {
    const deadline = new Deadline(sending.timeoutMs ?? this.timeoutMs, sending.signal);
    try {
      return await this.#attempts(sending, deadline, attempt);
    } finally {
      deadline.close();
    }
  }

  /**
   * Deletes something. Where an attempt got no answer it may have been done all the same: then the
   * next one finds nothing, and that is a success.
   */
  async delete<T>(call: CallOptions, attempt: Attempt<T>): Promise<void> {
    let unanswered = false;
    const sending = { ...call, idempotent: true };
    try {
      await this.sendForNothing(sending, async (api, signal) => {
        const sent = unanswered;
        unanswered = true;
        const reply = await attempt(api, signal);
        unanswered = sent || [502, 504].includes(reply.response.status);
        return reply;
      });
    } catch (error) {
      if (!(unanswered && error instanceof SemblantError && error.status === 404)) {
        throw error;
      }
    }
  }

  /** Sends a call whose answer is read as it arrives; throws as `send`, and so does its body. */
  async open(
    sending: Sending,
    attempt: Attempt<ReadableStream<Uint8Array> | null>,
  ): Promise<{ body: ReadableStream<Uint8Array>; response: Response }> {
    const deadline = new Deadline(sending.timeoutMs ?? this.timeoutMs, sending.signal);
    try {
      const { data, response } = await this.#attempts(sending, deadline, attempt);
      deadline.stop();
      const body = data ?? new Blob([]).stream();
      return { body: guarded(body, deadline, sending.idleMs ?? deadline.ms), response };
    } catch (error) {
      deadline.close();
      throw error;
    }
  }

  async #attempts<T>(sending: Sending, deadline: Deadline, send: Attempt<T>): Promise<Reply<T>> {
    const { idempotent = false, retries = this.#retries } = sending;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#once(deadline.signal, send);
      } catch (error) {
        const delay = attempt < retries ? retryDelay(error, attempt, idempotent) : undefined;
        // An error that is known is worth more than one that says that time ran out.
        if (delay === undefined || delay >= deadline.leftMs) {
          throw error;
        }
        await pause(delay, deadline.signal);
      }
    }
  }

  async #once<T>(signal: AbortSignal, send: Attempt<T>): Promise<Reply<T>> {
    signal.throwIfAborted();
    let reply: Reply<T>;
    try {
      reply = await send(this.#api, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof SyntaxError ? foreignAnswer() : unreachable(error);
    }
    this.#warn(reply.response.headers.get("x-semblant-deprecated"));
    if (!reply.response.ok) {
      throw problemError(reply.response, reply.error);
    }
    return reply;
  }

  #warn(text: string | null): void {
    if (text && !this.#warned.has(text)) {
      this.#warned.add(text);
      globalThis.process?.emitWarning?.(text, "DeprecationWarning");
    }
  }
}

// What follows must not show its argument in errors: addresses and keys may be secrets.

function checkedAddress(baseUrl: string): string {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new TypeError("baseUrl is no address such as http://127.0.0.1:8000");
  }
  if (url.username || url.password) {
    throw new TypeError("baseUrl holds a user or password; use apiKey");
  }
  return baseUrl;
}

function authorization(apiKey: string | undefined): string | undefined {
  return apiKey ? `Bearer ${headerValue("apiKey", apiKey)}` : undefined;
}

/** Returns a header's value as it is; throws `TypeError` if a header cannot hold it. */
export function headerValue(name: string, value: string | undefined): string | undefined {
  if (value !== undefined && !/^[\x21-\x7e]+$/.test(value)) {
    throw new TypeError(`${name} is empty, or has characters that a header cannot hold`);
  }
  return value;
}
