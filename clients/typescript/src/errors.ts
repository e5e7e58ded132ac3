/** The one error of the client, and how answers and failures become one. */

import type { ProblemFinding } from "./types.js";

/**
 * Codes that the client itself reports, with `status` 0, beside those of the service:
 * `deadline_exceeded` (no answer in time; the service has the code, too), `service_unreachable`
 * (no connection, or it broke), `foreign_answer` (an answer that is not Semblant's).
 */
export type ClientCode = "deadline_exceeded" | "service_unreachable" | "foreign_answer";

/** What a `SemblantError` is made of. */
export interface ErrorFigures {
  code: string;
  title: string;
  detail?: string;
  status?: number;
  errors?: readonly ProblemFinding[];
  retryable?: boolean;
  requestId?: string;
  retryAfterS?: number | undefined;
  members?: Readonly<Record<string, unknown>>;
}

/** A call that failed: a problem document (RFC 9457) of the service, or no proper answer. */
export class SemblantError extends Error {
  override readonly name = "SemblantError";
  /** Stable name, such as `no_face_in_target`; see docs/reference/errors.md and `ClientCode`. */
  readonly code: string;
  /** HTTP status; 0 where there is no answer of the service. */
  readonly status: number;
  /** What the code means, in a sentence. */
  readonly title: string;
  /** What happened this time, in a sentence. */
  readonly detail: string;
  /** Further findings, such as wrong options, each with a JSON pointer. */
  readonly errors: readonly ProblemFinding[];
  /** Whether the same call can succeed later. */
  readonly retryable: boolean;
  /** The request's name in the service's log; empty where there is no answer. */
  readonly requestId: string;
  /** Seconds after which the service advises to try again, if it does. */
  readonly retryAfterS: number | undefined;
  /** Other members of the problem document, such as a limit. */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(figures: ErrorFigures, options?: ErrorOptions) {
    const { code, title, detail = title, errors = [] } = figures;
    const found = errors.map((one) => `${one.pointer || "/"}: ${one.detail}`).join("; ");
    super(`${detail} ${found}`.trimEnd(), options);
    this.code = code;
    this.status = figures.status ?? 0;
    this.title = title;
    this.detail = detail;
    this.errors = errors;
    this.retryable = figures.retryable ?? false;
    this.requestId = figures.requestId ?? "";
    this.retryAfterS = figures.retryAfterS;
    this.members = figures.members ?? {};
  }
}

/** Returns the error that an answer reports; `body` is its JSON, or its text if it has none. */
export function problemError(response: Response, body: unknown): SemblantError {
  const { status, headers } = response;
  const retryAfterS = retryAfter(headers);
  if (!isRecord(body) || typeof body["code"] !== "string") {
    // Such as that of a proxy. Its text is not shown: nobody knows what is in it.
    const title = `The server answered ${status}.`;
    const retryable = status === 429 || status >= 502;
    const requestId = headers.get("x-request-id") ?? "";
    return new SemblantError({
      code: "foreign_answer",
      title,
      status,
      retryable,
      requestId,
      retryAfterS,
    });
  }
  const { type, title, status: _, detail, instance, code, retryable, request_id, errors, ...members } =
    body;
  const named = text(title) ?? code;
  return new SemblantError({
    code,
    title: named,
    detail: text(detail) ?? named,
    status,
    errors: Array.isArray(errors) ? errors.filter(isFinding) : [],
    retryable: retryable === true,
    requestId: text(request_id) ?? "",
    retryAfterS,
    members,
  });
}

/** Returns the error of a call that took longer than it may. */
export function timeoutError(ms: number): SemblantError {
  const title = `The service did not answer within ${ms / 1000} s.`;
  return new SemblantError({ code: "deadline_exceeded", title, retryable: true });
}

/** Returns the error of a success whose body is not what the API documents. */
export function foreignAnswer(response?: Response): SemblantError {
  const requestId = response?.headers.get("x-request-id") ?? "";
  const title = "The server's answer is not one of Semblant's.";
  return new SemblantError({ code: "foreign_answer", title, requestId });
}

/** Returns the error of a connection that was not made, or broke. */
export function unreachable(cause: unknown): SemblantError {
  const title = "The service does not answer.";
  return new SemblantError({ code: "service_unreachable", title, retryable: true }, { cause });
}

/** Whether something is an object with names. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isFinding(value: unknown): value is ProblemFinding {
  return (
    isRecord(value) && typeof value["pointer"] === "string" && typeof value["detail"] === "string"
  );
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** Returns the seconds of a `Retry-After` header, which may be a number or a date. */
function retryAfter(headers: Headers): number | undefined {
  const value = headers.get("retry-after")?.trim();
  if (!value) {
    return undefined;
  }
  if (/^\d+$/.test(value)) {
    return Number(value);
  }
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, (at - Date.now()) / 1000);
}
