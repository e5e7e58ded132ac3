// Reads a file's credentials by the library for Node, and prints what it makes of them.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const [folder, path] = process.argv.slice(2);
const { Reader } = createRequire(`${folder}/`)("@contentauth/c2pa-node");
const kinds = { jpeg: "image/jpeg", png: "image/png", webp: "image/webp", avif: "image/avif" };
try {
  const asset = { buffer: readFileSync(path), mimeType: kinds[path.split(".").pop()] };
  const reader = await Reader.fromAsset(asset);
  const store = reader.json();
  console.log(JSON.stringify({ state: store.validation_state }));
} catch {
  console.log("null");
}
