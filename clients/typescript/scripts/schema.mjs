/**
 * Writes src/schema.ts, the types of the API, from its reviewed OpenAPI document.
 *
 *     node scripts/schema.mjs [--check] [DOCUMENT]
 *
 * With --check nothing is written: the exit status is 1 where the file is not what would be.
 */

import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import openapiTS, { astToString } from "openapi-typescript";
import ts from "typescript";

const DOCUMENT = new URL("../../../tests/unit/http/openapi.json", import.meta.url);
const TYPES = new URL("../src/schema.ts", import.meta.url);
const BLOB = ts.factory.createTypeReferenceNode("Blob");

const { values, positionals } = parseArgs({
  options: { check: { type: "boolean", default: false } },
  allowPositionals: true,
});
const text = await readFile(positionals[0] ?? DOCUMENT, "utf8");
// A test that needs no Node compares this digest, so that it is of text without line endings of a
// platform.
const digest = createHash("sha256").update(text.replaceAll("\r\n", "\n")).digest("hex");
const head = `// Written by \`npm run schema\` from tests/unit/http/openapi.json; do not edit.
// SHA-256 of that document: ${digest}

`;
const nodes = await openapiTS(JSON.parse(text), {
  alphabetize: true,
  // What has a default may be left out of a request.
  defaultNonNullable: false,
  transform: (schema) =>
    schema.contentMediaType === "application/octet-stream" ? BLOB : undefined,
});
const written = head + astToString(nodes);

if (!values.check) {
  await writeFile(TYPES, written);
} else if ((await readFile(TYPES, "utf8")).replaceAll("\r\n", "\n") !== written) {
  console.error(`${fileURLToPath(TYPES)} is stale: run \`npm run schema\``);
  process.exitCode = 1;
}
