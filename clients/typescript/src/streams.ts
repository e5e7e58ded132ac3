/** Answers that are read as they arrive: their bytes, lines and server-sent events. */

import { foreignAnswer, unreachable } from "./errors.js";
import type { Deadline } from "./deadline.js";

/**
 * Returns a body that fails with a `SemblantError` if it breaks, or if no byte comes for too long.
 * Only waiting for bytes counts: a reader may take its time. Reading to the end, or cancelling,
 * frees the connection.
 */
export function guarded(
  body: ReadableStream<Uint8Array>,
  deadline: Deadline,
  idleMs: number,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        deadline.start(idleMs);
        try {
          const { done, value } = await reader.read();
          deadline.stop();
          if (done) {
            deadline.close();
            controller.close();
          } else {
            controller.enqueue(value);
          }
        } catch (error) {
          deadline.close();
          controller.error(deadline.signal.aborted ? deadline.signal.reason : unreachable(error));
        }
      },
      async cancel() {
        deadline.close();
        await reader.cancel().catch(() => undefined); // it may have failed already
      },
    },
    { highWaterMark: 0 },
  );
}

/** Yields the lines of a text in UTF-8, without their ends; leaving the loop ends the stream. */
export async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void, void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
      const lines = rest.split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        yield line.endsWith("\r") ? line.slice(0, -1) : line;
      }
      if (done) {
        if (rest) {
          yield rest;
        }
        return;
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Yields the values of JSON lines; throws `foreign_answer` for a line that is none. */
export async function* jsonLinesOf<T>(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<T, void, void> {
  for await (const line of linesOf(body)) {
    if (line.trim()) {
      yield parsed<T>(line);
    }
  }
}

/** Returns the value of a JSON text; throws `foreign_answer` if it is none. */
export function parsed<T>(text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch {
    throw foreignAnswer();
  }
}

/** A server-sent event; `id` and `event` are empty where it has none. */
export interface ServerEvent {
  id: string;
  event: string;
  data: string;
}

/** Yields the events of a stream that have data; comments and unfinished events are left out. */
export async function* eventsOf(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<ServerEvent, void, void> {
  let id = "";
  let event = "";
  let data: string[] = [];
  for await (const line of linesOf(body)) {
    if (!line) {
      if (data.length > 0) {
        yield { id, event, data: data.join("\n") };
      }
      [id, event, data] = ["", "", []];
      continue;
    }
    const [, name, value = ""] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (name === "id") {
      id = value;
    } else if (name === "event") {
      event = value;
    } else if (name === "data") {
      data.push(value);
    }
  }
}
