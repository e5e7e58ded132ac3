/** Uses a service as a program does: node typescript_client.mjs SERVER PORTRAIT PHOTO VIDEO OUTPUT. */

import { openAsBlob } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { SemblantClient } from "@semblant/client";

const [baseUrl = "", portrait = "", photo = "", video = "", output = ""] = process.argv.slice(2);
const client = new SemblantClient({ baseUrl, tenant: "typescript" });
const [source, target] = [await readFile(portrait), await readFile(photo)];

const swapped = await client.swap(source, target, { mediaType: "image/png" });
await writeFile(`${output}.png`, swapped.data);
const report = await client.swapReport(source, target);
const { faces } = await client.faces(target);
const wrong = await client.swap(source, target, { options: { shape: 2 } }).catch((error) => error);

const lines = [];
const track = client.track(await openAsBlob(video), { options: { every: 10 } });
for await (const line of track) {
  lines.push(line);
}

const submitted = await client.jobs.submit({ sources: source, target: await openAsBlob(video) });
const seen = [];
for await (const job of client.jobs.watch(submitted.id)) {
  seen.push(job);
}
const ended = await client.jobs.wait(submitted.id);
const listed = [];
for await (const job of client.jobs.list({ statuses: ["succeeded"] })) {
  listed.push(job.id);
}
const { body, mediaType, sizeBytes } = await client.jobs.download(submitted.id);
const bytes = new Uint8Array(await new Response(body).arrayBuffer());
await writeFile(output, bytes);
await client.jobs.delete(submitted.id);
const gone = await client.jobs.get(submitted.id).catch((error) => error);

const { data, ...figures } = swapped;
console.log(
  JSON.stringify({
    ready: await client.ready(),
    models: await client.models(),
    swapped: figures,
    report,
    faces,
    wrong: { ...wrong },
    track: { lines, warnings: track.warnings },
    job: {
      id: submitted.id,
      percents: seen.map(({ percent }) => percent),
      last: seen.at(-1),
      ended,
      listed,
      download: { mediaType, sizeBytes, received: bytes.length },
    },
    gone: { ...gone },
  }),
);
