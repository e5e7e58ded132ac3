/** What is kept of people: enrolled identities, and libraries of expressions. */

import { LONG_TIMEOUT_MS, working } from "./images.js";
import { type Input, blobOf, blobsOf, multipart } from "./inputs.js";
import type { CallOptions, Transport } from "./transport.js";
import type {
  Identity,
  IdentitySummary,
  Library,
  LibraryMatch,
  LibrarySummary,
  NewLibrary,
} from "./types.js";

/** What enrolling a person takes besides portraits. */
export interface EnrolCall extends CallOptions {
  /** That the person has agreed; without it the service refuses. */
  consent: boolean;
  name?: string | undefined;
  /** What the person agreed to, stored with the time. */
  statement?: string | undefined;
}

/** Enrolled people. Every method rejects with a `SemblantError`. */
export class Identities {
  readonly #transport: Transport;

  /** @internal */
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Enrols a person who has agreed; kept is biometric data, until it is deleted. */
  async enrol(portraits: Input | readonly Input[], call: EnrolCall): Promise<Identity> {
    const { consent, name, statement } = call;
    const body = { source: blobsOf(portraits), options: { consent, name, statement } };
    const { sending, header } = working(this.#transport, call);
    const { data } = await this.#transport.send(sending, (api, signal) =>
      api.POST("/v1/identities", { body, bodySerializer: multipart, params: { header }, signal }),
    );
    return data;
  }

  /** Returns all enrolled people, the latest first. */
  async list(call: CallOptions = {}): Promise<IdentitySummary[]> {
    const { data } = await this.#transport.send({ ...call, idempotent: true }, (api, signal) =>
      api.GET("/v1/identities", { signal }),
    );
    return data.identities;
  }

  /** Returns one of them; `identity_not_found` if there is none of that id. */
  async get(id: string, call: CallOptions = {}): Promise<Identity> {
    const { data } = await this.#transport.send({ ...call, idempotent: true }, (api, signal) =>
      api.GET("/v1/identities/{id}", { params: { path: { id } }, signal }),
    );
    return data;
  }

  /** Deletes one with all that is kept of it; `identity_not_found` if there is none of that id. */
  async delete(id: string, call: CallOptions = {}): Promise<void> {
    await this.#transport.delete(call, (api, signal) =>
      api.DELETE("/v1/identities/{id}", { params: { path: { id } }, signal }),
    );
  }
}

/** What a library is made of: pictures of one person, a video of the person, or both. */
export interface LibraryCall extends CallOptions {
  frames?: Input | readonly Input[] | undefined;
  video?: Input | undefined;
  name?: string | undefined;
  /** How many entries at most; of more, those that differ most are kept. */
  count?: number | undefined;
}

/** Libraries of people's expressions. Every method rejects with a `SemblantError`. */
export class Libraries {
  readonly #transport: Transport;

  /** @internal */
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Makes a library of a person's expressions; it is biometric data, until it is deleted. */
  async create(call: LibraryCall): Promise<NewLibrary> {
    const { frames, video, name, count, signal, timeoutMs = LONG_TIMEOUT_MS } = call;
    const body = {
      frame: blobsOf(frames),
      video: video && blobOf(video),
      options: { name, count },
    };
    const { sending, header } = working(this.#transport, { signal, timeoutMs });
    const { data } = await this.#transport.send(sending, (api, signal) =>
      api.POST("/v1/expression-libraries", {
        body,
        bodySerializer: multipart,
        params: { header },
        signal,
      }),
    );
    return data;
  }

  /** Returns all libraries, the latest first. */
  async list(call: CallOptions = {}): Promise<LibrarySummary[]> {
    const { data } = await this.#transport.send({ ...call, idempotent: true }, (api, signal) =>
      api.GET("/v1/expression-libraries", { signal }),
    );
    return data.libraries;
  }

  /** Returns one of them; `library_not_found` if there is none of that id. */
  async get(id: string, call: CallOptions = {}): Promise<Library> {
    const { data } = await this.#transport.send({ ...call, idempotent: true }, (api, signal) =>
      api.GET("/v1/expression-libraries/{id}", { params: { path: { id } }, signal }),
    );
    return data;
  }

  /** Deletes one; `library_not_found` if there is none of that id. */
  async delete(id: string, call: CallOptions = {}): Promise<void> {
    await this.#transport.delete(call, (api, signal) =>
      api.DELETE("/v1/expression-libraries/{id}", { params: { path: { id } }, signal }),
    );
  }

  /**
   * Returns the entry that is nearest to an expression.
   *
   * @param controls - Named controls, each 0–1; those left out are as in a face at rest.
   */
  async match(
    id: string,
    controls: Readonly<Record<string, number>>,
    { last, ...call }: CallOptions & { last?: number | undefined } = {},
  ): Promise<LibraryMatch> {
    // It only reads, though it is a POST.
    const { data } = await this.#transport.send({ ...call, idempotent: true }, (api, signal) =>
      api.POST("/v1/expression-libraries/{id}/match", {
        params: { path: { id } },
        body: { controls: { ...controls }, last },
        signal,
      }),
    );
    return data;
  }
}
