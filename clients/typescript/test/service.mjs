/** A stand-in for the service: answers by a list of handlers, and keeps what it was asked. */

import { createServer } from "node:http";
import { SemblantClient } from "@semblant/client";

/**
 * @typedef {import("node:http").ServerResponse} Answer
 * @typedef {{method: string, url: string, headers: import("node:http").IncomingHttpHeaders, body: string}} Asked
 * @typedef {(answer: Answer, asked: Asked) => unknown} Handler
 */

export const JOB_ID = `job_${"0".repeat(32)}`;

/**
 * Serves the handlers, one a request, the last one for all further ones; closed after the test.
 *
 * @param {import("node:test").TestContext} t
 * @param {Handler[]} handlers
 * @param {Partial<import("@semblant/client").ClientOptions>} [options]
 */
export async function service(t, handlers, options = {}) {
  /** @type {Asked[]} */
  const asked = [];
  const server = createServer((request, answer) => {
    /** @type {Buffer[]} */
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const one = { method, url, headers, body: Buffer.concat(chunks).toString("latin1") };
      const handler = handlers[Math.min(asked.push(one), handlers.length) - 1];
      handler?.(answer, one);
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  const baseUrl = `http://127.0.0.1:${address.port}`;
  return { client: new SemblantClient({ baseUrl, timeoutMs: 2000, ...options }), asked, baseUrl };
}

/**
 * @param {unknown} body
 * @param {number} [status]
 * @param {Record<string, string>} [headers]
 * @returns {Handler}
 */
export function json(body, status = 200, headers = {}) {
  return (answer) => {
    answer.writeHead(status, { "Content-Type": "application/json", ...headers });
    answer.end(JSON.stringify(body));
  };
}

/**
 * @param {string} code
 * @param {number} status
 * @param {{headers?: Record<string, string>, members?: object}} [more]
 */
export function problem(code, status, { headers = {}, members = {} } = {}) {
  const document = {
    type: `/problems/${code}`,
    title: `It is ${code}.`,
    status,
    detail: `This time it is ${code}.`,
    instance: "/",
    code,
    retryable: [429, 503].includes(status),
    request_id: "r1",
    ...members,
  };
  return json(document, status, { "Content-Type": "application/problem+json", ...headers });
}

/** @type {Handler} */
export const nothing = (answer) => answer.writeHead(204).end();

/** Breaks the connection without an answer. @type {Handler} */
export const broken = (answer) => answer.destroy();

/** Never answers. @type {Handler} */
export const silent = () => undefined;

/** Says that the service is busy, and that one may come back at once. */
export const busy = problem("overloaded", 429, { headers: { "Retry-After": "0" } });
