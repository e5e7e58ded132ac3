/** What is sent, and what is made of answers. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { SemblantClient } from "@semblant/client";
import { json, nothing, problem, service } from "./service.mjs";

const PICTURE = new TextEncoder().encode("pixels");

const picture = (/** @type {import("./service.mjs").Answer} */ answer) => {
  answer.writeHead(200, {
    "Content-Type": "image/png",
    "Server-Timing": "queue;dur=0.01, analyse;dur=41.2",
    "X-Semblant-Faces-Found": "2",
    "X-Semblant-Faces-Swapped": "1",
    "X-Semblant-Warnings": "occluded, small",
    "X-Semblant-Quality": "seam_ratio=1.08, ring_delta_e=-4.5e-1",
    "X-Request-Id": "r1",
  });
  answer.end("result");
};

test("a swap sends its pictures as a form and returns the picture with its figures", async (t) => {
  const { client, asked } = await service(t, [picture]);
  const result = await client.swap([PICTURE, new Blob(["second"])], PICTURE.buffer, {
    options: { shape: 0.6 },
    mediaType: "image/png",
    timeoutMs: 1500,
  });
  assert.equal(new TextDecoder().decode(result.data), "result");
  const { data, ...figures } = result;
  assert.deepEqual(figures, {
    mediaType: "image/png",
    facesFound: 2,
    facesSwapped: 1,
    warnings: ["occluded", "small"],
    quality: { seam_ratio: 1.08, ring_delta_e: -0.45 },
    timingsMs: { queue: 0.01, analyse: 41.2 },
    requestId: "r1",
  });
  const [{ method, url, headers, body }] = /** @type {[import("./service.mjs").Asked]} */ (asked);
  assert.equal(`${method} ${url}`, "POST /v1/swaps");
  assert.equal(headers.accept, "image/png");
  assert.equal(headers["x-request-timeout"], "1.5");
  assert.match(headers["content-type"] ?? "", /^multipart\/form-data; boundary=/);
  assert.equal(body.match(/name="source"; filename=/g)?.length, 2);
  assert.equal(body.match(/name="target"; filename=/g)?.length, 1);
  assert.match(body, /name="options"\r\n\r\n{"shape":0.6}\r\n/);
  assert.doesNotMatch(body, /reference|source_id/);
});

test("a report is asked for as JSON", async (t) => {
  const { client, asked } = await service(t, [json({ faces: [] })]);
  assert.deepEqual((await client.swapReport(PICTURE, PICTURE, { inline: true })).faces, []);
  assert.equal(asked[0]?.url, "/v1/swaps?inline=true");
  assert.equal(asked[0]?.headers.accept, "application/json");
});

test("an answer that is no picture is foreign", async (t) => {
  const { client } = await service(t, [json({}), (answer) => answer.end("<html>")]);
  await assert.rejects(client.swap(PICTURE, PICTURE), { code: "foreign_answer" });
  await assert.rejects(client.models(), { code: "foreign_answer", status: 0 });
});

test("inputs of other types are refused before anything is sent", async (t) => {
  const { client, asked } = await service(t, [nothing]);
  // @ts-expect-error a path is no input
  await assert.rejects(client.faces("photo.jpg"), TypeError);
  assert.equal(asked.length, 0);
});

test("a problem document becomes an error with all its members", async (t) => {
  const errors = [{ pointer: "/shape", detail: "too large" }];
  const members = { errors, limit: 3 };
  const { client } = await service(t, [problem("invalid_options", 422, { members })]);
  await assert.rejects(client.faces(PICTURE), {
    name: "SemblantError",
    message: "This time it is invalid_options. /shape: too large",
    code: "invalid_options",
    status: 422,
    title: "It is invalid_options.",
    detail: "This time it is invalid_options.",
    errors,
    retryable: false,
    requestId: "r1",
    retryAfterS: undefined,
    members: { limit: 3 },
  });
});

test("an error page of something else is an error without its text", async (t) => {
  const { client } = await service(t, [(answer) => answer.writeHead(500).end("secret")]);
  await assert.rejects(client.models(), (error) => {
    assert(error instanceof Error);
    assert.deepEqual({ ...error }, {
      name: "SemblantError",
      code: "foreign_answer",
      status: 500,
      title: "The server answered 500.",
      detail: "The server answered 500.",
      errors: [],
      retryable: false,
      requestId: "",
      retryAfterS: undefined,
      members: {},
    });
    return true;
  });
});

test("the key and the tenant go with every call, and the key is shown nowhere", async (t) => {
  const options = { apiKey: "s3cret", tenant: "acme" };
  const { client, asked } = await service(t, [json({ models: [] }), problem("x", 401)], options);
  await client.models();
  assert.equal(asked[0]?.headers.authorization, "Bearer s3cret");
  assert.equal(asked[0]?.headers["x-semblant-tenant"], "acme");
  const error = await client.models().catch((error) => error);
  const shown = inspect([client, error], { depth: null, showHidden: true });
  assert.doesNotMatch(shown, /s3cret/);
});

test("the key is read from the environment", async (t) => {
  process.env["SEMBLANT_API_KEY"] = "of-the-environment";
  t.after(() => delete process.env["SEMBLANT_API_KEY"]);
  const { client, asked } = await service(t, [json({ models: [] })]);
  await client.models();
  assert.equal(asked[0]?.headers.authorization, "Bearer of-the-environment");
});

test("addresses and keys that are none are refused without being shown", () => {
  const refused = [
    { baseUrl: "s3cret" },
    { baseUrl: "ftp://s3cret" },
    { baseUrl: "http://user:s3cret@localhost" },
    { baseUrl: "http://localhost", apiKey: "s3cret\n" },
  ];
  for (const options of refused) {
    assert.throws(() => new SemblantClient(options), /^TypeError: (?!.*s3cret)/);
  }
});

test("people and libraries", async (t) => {
  const { client, asked } = await service(t, [
    json({ id: "idn_1" }, 201),
    json({ identities: [{ id: "idn_1" }] }),
    nothing,
    json({ id: "exp_1" }, 201),
    json({ index: 3 }),
  ]);
  const person = await client.identities.enrol([PICTURE], { consent: true, name: "Alice" });
  assert.equal(person.id, "idn_1");
  assert.match(asked[0]?.body ?? "", /{"consent":true,"name":"Alice"}/);
  assert.match(asked[0]?.body ?? "", /name="source"; filename="source"\r\n.*\r\n\r\npixels\r\n/);
  assert.deepEqual(await client.identities.list(), [{ id: "idn_1" }]);
  await client.identities.delete("idn/1");
  assert.equal(asked[2]?.url, "/v1/identities/idn%2F1");
  assert.equal((await client.libraries.create({ video: PICTURE, count: 3 })).id, "exp_1");
  assert.doesNotMatch(asked[3]?.body ?? "", /name="frame"/);
  assert.equal((await client.libraries.match("exp_1", { jawOpen: 1 }, { last: 2 })).index, 3);
  assert.deepEqual(JSON.parse(asked[4]?.body ?? ""), { controls: { jawOpen: 1 }, last: 2 });
});

test("readiness", async (t) => {
  const stopping = problem("shutting_down", 503, { headers: { "Retry-After": "1" } });
  const { client } = await service(t, [json({ status: "ready" }), stopping]);
  assert.equal(await client.ready(), true);
  assert.equal(await client.ready(), false);
});

test("names that are on their way out are warned of once", async (t) => {
  const warned = /** @type {string[]} */ ([]);
  t.mock.method(process, "emitWarning", (/** @type {string} */ text) => warned.push(text));
  const old = json({ models: [] }, 200, { "X-Semblant-Deprecated": "film is video" });
  const { client } = await service(t, [old]);
  await client.models();
  await client.models();
  assert.deepEqual(warned, ["film is video"]);
});
