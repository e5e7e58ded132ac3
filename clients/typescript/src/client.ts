/** The client. */

import { SemblantError } from "./errors.js";
import {
  type SwapPictureCall,
  type SwapReportCall,
  type SwapResult,
  Track,
  faces,
  swap,
  swapReport,
} from "./images.js";
import type { Input } from "./inputs.js";
import { Jobs } from "./jobs.js";
import { Identities, Libraries } from "./people.js";
import { type CallOptions, type ClientOptions, Transport } from "./transport.js";
import type { FacesOptions, FacesReport, ModelInfo, SwapReport, TrackOptions } from "./types.js";

/**
 * A client of a Semblant service.
 *
 * Every method takes an `AbortSignal` and a time limit, and rejects with a `SemblantError`, with the
 * signal's reason if that aborts, or with a `TypeError` for an input that is none. Calls that found
 * the service busy or away are repeated where that is safe.
 */
export class SemblantClient {
  /** Enrolled people. */
  readonly identities: Identities;
  /** Libraries of expressions. */
  readonly libraries: Libraries;
  /** Videos and pictures that are rendered in their turn. */
  readonly jobs: Jobs;
  readonly #transport: Transport;

  /** Throws `TypeError` for an address or key that is none; nothing is sent. */
  constructor(options: ClientOptions) {
    this.#transport = new Transport(options);
    this.identities = new Identities(this.#transport);
    this.libraries = new Libraries(this.#transport);
    this.jobs = new Jobs(this.#transport);
  }

  /**
   * Puts the face of the sources into the target, and returns the picture.
   *
   * @param sources - Portraits of one person, or of those that `options.mapping` names; none where
   *     the request needs none.
   * @param target - The picture to change.
   */
  swap(
    sources: Input | readonly Input[],
    target: Input,
    call: SwapPictureCall = {},
  ): Promise<SwapResult> {
    return swap(this.#transport, sources, target, call);
  }

  /** Does the same, and returns a report of all faces; with the picture if `inline` is true. */
  swapReport(
    sources: Input | readonly Input[],
    target: Input,
    call: SwapReportCall = {},
  ): Promise<SwapReport> {
    return swapReport(this.#transport, sources, target, call);
  }

  /** Finds the faces of a picture: boxes, landmarks, pose, quality. */
  faces(
    image: Input,
    call: CallOptions & { options?: FacesOptions | undefined } = {},
  ): Promise<FacesReport> {
    return faces(this.#transport, image, call);
  }

  /** Follows a face through a video; the request is sent when its lines are read. */
  track(video: Input, call: CallOptions & { options?: TrackOptions | undefined } = {}): Track {
    return new Track(this.#transport, video, call);
  }

  /** Returns the models with their licenses and states. */
  async models(call: CallOptions = {}): Promise<ModelInfo[]> {
    const { data } = await this.#transport.send({ ...call, idempotent: true }, (api, signal) =>
      api.GET("/v1/models", { signal }),
    );
    return data.models;
  }

  /** Returns whether requests may be sent: false while the service starts or stops. */
  async ready(call: CallOptions = {}): Promise<boolean> {
    try {
      await this.#transport.send({ ...call, retries: 0 }, (api, signal) =>
        api.GET("/readyz", { signal }),
      );
      return true;
    } catch (error) {
      if (error instanceof SemblantError && error.status === 503) {
        return false;
      }
      throw error;
    }
  }
}
