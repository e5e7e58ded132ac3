/** Answers that are read as they arrive: tracks, events of jobs, downloads, pages. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { isFinal } from "@semblant/client";
import { eventsOf, linesOf } from "../dist/streams.js";
import { JOB_ID, json, nothing, problem, service } from "./service.mjs";

const VIDEO = new TextEncoder().encode("frames");

/**
 * Answers pieces of a body, and then ends, breaks or stays silent.
 *
 * @param {string} type
 * @param {(string | Buffer)[]} pieces
 * @param {"end" | "break" | "stay"} [then]
 * @returns {import("./service.mjs").Handler}
 */
function pieces(type, pieces, then = "end") {
  return async (answer) => {
    answer.writeHead(200, { "Content-Type": type, "X-Semblant-Warnings": "damaged" });
    for (const piece of pieces) {
      await new Promise((resolve) => answer.write(piece, resolve));
    }
    if (then === "end") {
      answer.end();
    } else if (then === "break") {
      setImmediate(() => answer.destroy());
    }
  };
}

/** @param {number} id @param {string} status */
function event(id, status) {
  const name = status === "succeeded" ? "completed" : "progress";
  return `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify({ id: JOB_ID, status })}\n\n`;
}

/** @template T @param {AsyncIterable<T>} items */
async function all(items) {
  const found = [];
  for await (const item of items) {
    found.push(item);
  }
  return found;
}

test("lines of a track are read as they come, however they are cut", async (t) => {
  const text = Buffer.from('{"frame":0,"time_s":0}\n{"frame":1,"time_s":0.04,"face":null}\r\n\n{"frame":2,"time_s":0.08}');
  const cut = [...text].map((byte) => Buffer.from([byte]));
  const { client, asked } = await service(t, [pieces("application/x-ndjson", cut)]);
  const track = client.track(VIDEO, { options: { every: 2 } });
  assert.equal(asked.length, 0);
  const lines = await all(track);
  assert.deepEqual(lines.map(({ frame }) => frame), [0, 1, 2]);
  assert.deepEqual(track.warnings, ["damaged"]);
  assert.equal(asked[0]?.headers.accept, "application/x-ndjson");
});

test("the first line is there before the last one is", async (t) => {
  const answering = pieces("application/x-ndjson", ['{"frame":0,"time_s":0}\n'], "stay");
  /** @type {(value?: unknown) => void} */
  let left = () => undefined;
  const leaving = new Promise((resolve) => (left = resolve));
  const { client } = await service(t, [
    (answer, asked) => {
      answer.on("close", left);
      return answering(answer, asked);
    },
  ]);
  for await (const line of client.track(VIDEO)) {
    assert.equal(line.frame, 0);
    break;
  }
  await leaving; // leaving the loop has closed the connection
});

test("a track that breaks is an error, and so is a line that is none", async (t) => {
  const line = '{"frame":0,"time_s":0}\n';
  const { client } = await service(t, [
    pieces("application/x-ndjson", [line], "break"),
    pieces("application/x-ndjson", ["{"]),
    problem("not_a_video", 415),
  ]);
  await assert.rejects(all(client.track(VIDEO)), { code: "service_unreachable" });
  await assert.rejects(all(client.track(VIDEO)), { code: "foreign_answer" });
  await assert.rejects(all(client.track(VIDEO)), { code: "not_a_video" });
});

test("letters that are cut are put together", async () => {
  const bytes = new TextEncoder().encode("a: ü\r\n€");
  const body = new ReadableStream({
    start(controller) {
      bytes.forEach((byte) => controller.enqueue(Uint8Array.of(byte)));
      controller.close();
    },
  });
  assert.deepEqual(await all(linesOf(body)), ["a: ü", "€"]);
});

test("events with comments, several lines of data and none", async () => {
  const text = ": hello\n\nretry: 5\n\nid: 1\ndata: a\ndata:b\n\nevent: error\ndata: c\n\ndata: unfinished";
  const events = await all(eventsOf(new Blob([text]).stream()));
  assert.deepEqual(events, [
    { id: "1", event: "", data: "a\nb" },
    { id: "", event: "error", data: "c" },
  ]);
});

test("a watch that breaks continues after the last event", async (t) => {
  const heartbeat = "retry: 1000\n\n: still here\n\n";
  const type = "text/event-stream";
  const { client, asked } = await service(t, [
    pieces(type, [heartbeat, event(3, "queued"), event(4, "processing")], "break"),
    problem("shutting_down", 503, { headers: { "Retry-After": "0" } }),
    pieces(type, ['event: error\ndata: {"code": "internal"}\n\n', event(7, "succeeded")], "stay"),
  ]);
  const seen = await all(client.jobs.watch(JOB_ID));
  assert.deepEqual(seen.map(({ status }) => status), ["queued", "processing", "succeeded"]);
  const resumed = asked.map(({ headers }) => headers["last-event-id"]);
  assert.deepEqual(resumed, [undefined, "4", "4"]);
});

test("a watch ends where nothing more will come, or there is no such job", async (t) => {
  const { client } = await service(t, [nothing, problem("job_not_found", 404)]);
  assert.deepEqual(await all(client.jobs.watch(JOB_ID)), []);
  await assert.rejects(all(client.jobs.watch(JOB_ID)), { code: "job_not_found" });
});

test("waiting for a job returns it as it ended", async (t) => {
  const ended = json({ id: JOB_ID, status: "failed" });
  const { client } = await service(t, [
    pieces("text/event-stream", [event(1, "succeeded")]),
    nothing,
    ended,
  ]);
  assert.equal((await client.jobs.wait(JOB_ID)).status, "succeeded");
  const job = await client.jobs.wait(JOB_ID);
  assert.equal(job.status, "failed");
  assert.ok(isFinal(job));
});

test("waiting for a job takes no longer than it may", async (t) => {
  const { client } = await service(t, [
    pieces("text/event-stream", [event(1, "processing")], "stay"),
  ]);
  await assert.rejects(client.jobs.wait(JOB_ID, { timeoutMs: 60 }), { code: "deadline_exceeded" });
  const reason = new Error("no longer wanted");
  const controller = new AbortController();
  const waiting = client.jobs.wait(JOB_ID, { signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(waiting, reason);
});

test("pages of jobs are fetched as they are needed", async (t) => {
  const { client, asked } = await service(t, [
    json({ jobs: [{ id: "a" }, { id: "b" }], next: "t=1" }),
    json({ jobs: [{ id: "c" }], next: null }),
  ]);
  for await (const job of client.jobs.list()) {
    assert.equal(job.id, "a");
    break;
  }
  assert.equal(asked.length, 1);
  asked.length = 0;
  const jobs = await all(client.jobs.list({ statuses: ["failed", "canceled"] }));
  assert.deepEqual(jobs.map(({ id }) => id), ["a", "b", "c"]);
  assert.deepEqual(asked.map(({ url }) => url), [
    "/v1/jobs?status=failed&status=canceled&limit=100",
    "/v1/jobs?status=failed&status=canceled&limit=100&page_token=t%3D1",
  ]);
});

test("a download is a stream, and tells when it breaks or stops", async (t) => {
  const whole = Buffer.alloc(3_000_000, 7);
  const { client } = await service(
    t,
    [
      (answer) => {
        const headers = { "Content-Type": "video/mp4", ETag: '"e"', "Content-Length": whole.length };
        answer.writeHead(200, headers).end(whole);
      },
      pieces("video/mp4", ["half"], "break"),
      pieces("video/mp4", ["half"], "stay"),
      problem("job_not_finished", 409),
    ],
    { timeoutMs: 100 },
  );
  const { body, ...figures } = await client.jobs.download(JOB_ID, { timeoutMs: 2000 });
  assert.deepEqual(figures, { mediaType: "video/mp4", sizeBytes: whole.length, etag: '"e"' });
  assert.ok(Buffer.from(await new Response(body).arrayBuffer()).equals(whole));
  const half = await client.jobs.download(JOB_ID);
  await assert.rejects(new Response(half.body).text(), { code: "service_unreachable" });
  const stopped = await client.jobs.download(JOB_ID);
  await assert.rejects(new Response(stopped.body).text(), { code: "deadline_exceeded" });
  await assert.rejects(client.jobs.download(JOB_ID), { code: "job_not_finished" });
});
