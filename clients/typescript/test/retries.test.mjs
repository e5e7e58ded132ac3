/** What is repeated, what is not, and how long it all may take. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { SemblantClient, SemblantError } from "@semblant/client";
import { retryDelay } from "../dist/retries.js";
import { JOB_ID, broken, busy, json, nothing, problem, service, silent } from "./service.mjs";

const PICTURE = new TextEncoder().encode("pixels");
const MODELS = json({ models: [] });

test("a busy service is asked again, whatever the call", async (t) => {
  const { client, asked } = await service(t, [busy, json({ faces: [] })]);
  assert.deepEqual((await client.faces(PICTURE)).faces, []);
  assert.match(asked[1]?.body ?? "", /pixels/);
});

test("only so often", async (t) => {
  const { client, asked } = await service(t, [busy], { retries: 1 });
  await assert.rejects(client.models(), { code: "overloaded", status: 429, retryAfterS: 0 });
  assert.equal(asked.length, 2);
});

test("after a broken connection only what is idempotent is sent again", async (t) => {
  const { client, asked } = await service(t, [broken, MODELS]);
  await client.models();
  assert.equal(asked.length, 2);
  const other = await service(t, [broken]);
  await assert.rejects(other.client.swap(PICTURE, PICTURE), {
    code: "service_unreachable",
    retryable: true,
    status: 0,
  });
  assert.equal(other.asked.length, 1);
});

test("a job is sent again with the same key", async (t) => {
  const { client, asked } = await service(t, [broken, json({ id: JOB_ID }, 202)]);
  assert.equal((await client.jobs.submit({ target: PICTURE })).id, JOB_ID);
  const [first, second] = asked.map(({ headers }) => headers["idempotency-key"]);
  assert.ok(first);
  assert.equal(first, second);
});

test("what a deletion without an answer deleted is deleted", async (t) => {
  const gone = problem("job_not_found", 404);
  const { client } = await service(t, [broken, gone]);
  await client.jobs.delete(JOB_ID);
  await assert.rejects(client.jobs.delete(JOB_ID), { code: "job_not_found" });
  const other = await service(t, [busy, nothing]);
  await other.client.jobs.delete(JOB_ID);
});

test("an error that waiting does not mend is reported at once", async (t) => {
  const { client, asked } = await service(t, [problem("internal", 500)]);
  await assert.rejects(client.models(), { code: "internal" });
  assert.equal(asked.length, 1);
});

test("advice to come back later than the call may take is reported, not followed", async (t) => {
  const later = problem("overloaded", 429, { headers: { "Retry-After": "20" } });
  const { client, asked } = await service(t, [later]);
  await assert.rejects(client.models(), { code: "overloaded", retryAfterS: 20 });
  assert.equal(asked.length, 1);
});

test("delays are bounded, and grow with the attempts", () => {
  const error = (/** @type {number} */ status, /** @type {number | undefined} */ retryAfterS) =>
    new SemblantError({ code: "x", title: "x", status, retryAfterS });
  const most = () => 1;
  assert.equal(retryDelay(error(429, 3), 0, false, () => 0), 3000);
  assert.equal(retryDelay(error(429, 3), 1, false, most), 3500);
  assert.equal(retryDelay(error(503, 31), 0, true, most), undefined);
  assert.equal(retryDelay(error(503, undefined), 0, false, most), undefined);
  assert.equal(retryDelay(error(503, undefined), 2, true, most), 1000);
  assert.equal(retryDelay(error(502, undefined), 0, false, most), undefined);
  assert.equal(retryDelay(error(422, 1), 0, true, most), undefined);
  assert.equal(retryDelay(new TypeError("x"), 0, true, most), undefined);
});

test("a service that does not answer in time", async (t) => {
  const { client } = await service(t, [silent]);
  await assert.rejects(client.models({ timeoutMs: 30 }), {
    code: "deadline_exceeded",
    detail: "The service did not answer within 0.03 s.",
    status: 0,
  });
});

test("no service at all", async () => {
  const client = new SemblantClient({ baseUrl: "http://127.0.0.1:9", retries: 0 });
  await assert.rejects(client.ready(), { code: "service_unreachable" });
});

test("a caller who gives up gets the signal's reason", async (t) => {
  const { client, asked } = await service(t, [silent]);
  const reason = new Error("no longer wanted");
  await assert.rejects(client.models({ signal: AbortSignal.abort(reason) }), reason);
  assert.equal(asked.length, 0);
  const controller = new AbortController();
  const fetching = client.models({ signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(fetching, reason);
});

test("a fetch of one's own", async () => {
  /** @type {string[]} */
  const urls = [];
  const client = new SemblantClient({
    baseUrl: "http://service.test/below/",
    fetch: async (request) => {
      urls.push(/** @type {Request} */ (request).url);
      return Response.json({ models: [] });
    },
  });
  assert.deepEqual(await client.models(), []);
  assert.deepEqual(urls, ["http://service.test/below/v1/models"]);
});
