/** Watching a job through the service's events, whatever happens to connections. */

import { Deadline, pause } from "./deadline.js";
import { SemblantError, foreignAnswer } from "./errors.js";
import { eventsOf, parsed } from "./streams.js";
import type { CallOptions, Transport } from "./transport.js";
import type { Job } from "./types.js";

const AGAIN_MS = 1_000;
const LONGEST_PAUSE_S = 30;
/** Failures in a row, about one a second, before whoever watches is told. */
const MOST_BREAKS = 60;
/** Milliseconds of silence after which a connection counts as broken: four missed heartbeats. */
const SILENCE_MS = 60_000;
const FINAL: ReadonlySet<string> = new Set(["succeeded", "failed", "canceled", "aborted"]);

/** Whether a job has ended. */
export function isFinal(job: Pick<Job, "status">): boolean {
  return FINAL.has(job.status);
}

/** See `Jobs.watch`. */
export async function* watch(
  transport: Transport,
  id: string,
  { signal, timeoutMs }: CallOptions,
): AsyncGenerator<Job, void, void> {
  let last = 0;
  let breaks = 0;
  for (;;) {
    let pauseMs = AGAIN_MS;
    try {
      const events = await open(transport, id, last, { signal, timeoutMs });
      if (events === undefined) {
        return;
      }
      for await (const { id: number, data } of eventsOf(events)) {
        if (!/^\d+$/.test(number)) {
          continue; // no change of the job, such as an error: asking again tells what it is
        }
        const job = parsed<Job>(data);
        last = Number(number);
        breaks = 0;
        yield job;
        if (isFinal(job)) {
          return;
        }
      }
    } catch (error) {
      breaks += 1;
      if (!isBreak(error) || breaks > MOST_BREAKS) {
        throw error;
      }
      pauseMs = 1_000 * Math.min(error.retryAfterS ?? AGAIN_MS / 1_000, LONGEST_PAUSE_S);
    }
    await pause(pauseMs, signal); // which rejects if the caller has given up
  }
}

/** Waits for a job's end; returns it as last seen, undefined if no more events were to come. */
export async function waitFor(
  transport: Transport,
  id: string,
  { signal, timeoutMs }: CallOptions,
): Promise<Job | undefined> {
  const limit = timeoutMs === undefined ? undefined : new Deadline(timeoutMs, signal);
  let seen: Job | undefined;
  try {
    for await (const job of watch(transport, id, { signal: limit?.signal ?? signal })) {
      seen = job;
    }
    return seen;
  } finally {
    limit?.close();
  }
}

/** Returns the events after the last one that was seen; undefined if there will be none. */
async function open(
  transport: Transport,
  id: string,
  last: number,
  call: CallOptions,
): Promise<ReadableStream<Uint8Array> | undefined> {
  const { body, response } = await transport.open(
    { ...call, retries: 0, idleMs: SILENCE_MS },
    (api, signal) =>
      api.GET("/v1/jobs/{id}/events", {
        params: { path: { id }, header: last > 0 ? { "Last-Event-ID": last } : {} },
        headers: { Accept: "text/event-stream" },
        parseAs: "stream",
        signal,
      }),
  );
  if (response.status !== 204 && response.headers.get("content-type")?.startsWith("text/event-stream")) {
    return body;
  }
  await body.cancel();
  if (response.status === 204) {
    return undefined;
  }
  throw foreignAnswer(response);
}

/** Whether a connection broke, or the service is away for the moment. */
function isBreak(error: unknown): error is SemblantError {
  const known = error instanceof SemblantError;
  return known && error.retryable && [0, 429, 502, 503, 504].includes(error.status);
}
