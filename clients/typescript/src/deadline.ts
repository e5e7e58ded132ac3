/** How long a call may take: until its time is up, or its caller gives up. */

import { timeoutError } from "./errors.js";

/** More than a timer can count: such a clock does not run. */
const LONGEST_MS = 2 ** 31 - 1;

/** A signal that aborts when the caller's does, or when a clock that can be stopped runs out. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal | undefined;
  #clock: ReturnType<typeof setTimeout> | undefined;
  #endsAtMs = 0;

  /**
   * @param ms - Milliseconds the clock takes; `Infinity` for no limit.
   * @param caller - The caller's signal; its reason is what the call fails with.
   */
  constructor(
    readonly ms: number,
    caller?: AbortSignal,
  ) {
    this.#caller = caller;
    if (caller?.aborted) {
      this.#giveUp();
    }
    caller?.addEventListener("abort", this.#giveUp, { once: true });
    this.start();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Milliseconds that the clock has left. */
  get leftMs(): number {
    return this.#endsAtMs - performance.now();
  }

  /** Starts the clock afresh, with other milliseconds if they are given. */
  start(ms = this.ms): void {
    this.stop();
    this.#endsAtMs = performance.now() + ms;
    if (ms <= LONGEST_MS) {
      this.#clock = setTimeout(() => this.#controller.abort(timeoutError(ms)), ms);
    }
  }

  /** Stops the clock; the caller can still give up. */
  stop(): void {
    clearTimeout(this.#clock);
  }

  /** Ends it all: nothing aborts any more. */
  close(): void {
    this.stop();
    this.#caller?.removeEventListener("abort", this.#giveUp);
  }

  readonly #giveUp = (): void => {
    this.stop();
    this.#controller.abort(this.#caller?.reason);
  };
}

/** Waits; rejects with the signal's reason if it aborts. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(clock);
      reject(signal?.reason);
    };
    const clock = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
