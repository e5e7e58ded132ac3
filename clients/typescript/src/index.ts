/** Client of Semblant, a service that puts one person's face into another person's picture. */

export { SemblantClient } from "./client.js";
export { type ClientCode, SemblantError } from "./errors.js";
export type { SwapCall, SwapPictureCall, SwapReportCall, SwapResult, Track } from "./images.js";
export type { Input } from "./inputs.js";
export type { Download, JobListCall, JobRequest, Jobs } from "./jobs.js";
export type { EnrolCall, Identities, Libraries, LibraryCall } from "./people.js";
export type { CallOptions, ClientOptions } from "./transport.js";
export { isFinal } from "./watching.js";
export type { components, operations, paths } from "./schema.js";
export type * from "./types.js";
