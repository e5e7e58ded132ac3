/** Whether and when a call is repeated. */

import { SemblantError } from "./errors.js";

const FIRST_MS = 250;
const LONGEST_MS = 30_000;
const BUSY = new Set([429, 503]);
const AWAY = new Set([502, 504]);

/**
 * Returns how many milliseconds to wait before a call is repeated; undefined if it must not be.
 *
 * A service that is busy or stopping says so, with the time to come back: then nothing was done,
 * and every call may be repeated. After anything else nobody knows, and only those are that do the
 * same however often they are sent.
 *
 * @param error - What the attempt failed with.
 * @param attempt - Its number, from 0.
 * @param idempotent - Whether the call does the same however often it is sent.
 * @param random - A number from 0 to 1, so that many clients do not come back at once.
 */
export function retryDelay(
  error: unknown,
  attempt: number,
  idempotent: boolean,
  random: () => number = Math.random,
): number | undefined {
  if (!(error instanceof SemblantError)) {
    return undefined;
  }
  const { status, retryAfterS } = error;
  const refused = BUSY.has(status) && retryAfterS !== undefined;
  const repeatable =
    idempotent && (BUSY.has(status) || AWAY.has(status) || error.code === "service_unreachable");
  if (!refused && !repeatable) {
    return undefined;
  }
  const step = FIRST_MS * 2 ** attempt * random();
  const ms = (retryAfterS ?? 0) * 1000 + step;
  return ms <= LONGEST_MS ? ms : undefined;
}
