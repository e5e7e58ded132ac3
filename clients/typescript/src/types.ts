/** Names for the API's own types; `schema.ts` is generated from its OpenAPI document. */

import type { components } from "./schema.js";

type Schemas = components["schemas"];

export type SwapOptions = Schemas["SwapOptions"];
export type SwapReport = Schemas["SwapReport"];
export type TargetFace = Schemas["TargetFace"];
export type FacesOptions = Schemas["FacesOptions"];
export type FacesReport = Schemas["FacesReport"];
export type AnalysedFace = Schemas["AnalysedFace"];
export type TrackOptions = Schemas["TrackOptions"];
export type TrackLine = Schemas["TrackLine"];
export type Identity = Schemas["IdentityReport"];
export type IdentitySummary = Schemas["IdentityFigures"];
export type Library = Schemas["LibraryBody"];
export type LibrarySummary = Schemas["LibraryFigures"];
export type NewLibrary = Schemas["NewLibrary"];
export type LibraryMatch = Schemas["LibraryMatch"];
export type Job = Schemas["JobObject"];
export type JobStatus = Schemas["Status"];
export type JobPage = Schemas["JobList"];
export type Webhook = Schemas["WebhookOptions"];
export type ModelInfo = Schemas["ModelInfo"];
export type Problem = Schemas["Problem"];
export type ProblemFinding = Schemas["ProblemDetail"];
