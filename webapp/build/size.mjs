// The initial load stays small: what index.html names, and what that imports at once, compressed, without fonts and pictures.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const LIMIT = 350 * 1024;
const dist = join(import.meta.dirname, "..", "dist");

const seen = new Set(["index.html"]);
for (const file of seen) {
  const text = readFileSync(join(dist, file), "utf8");
  const names =
    file === "index.html"
      ? [...text.matchAll(/(?:src|href)="\/([^"]+\.(?:js|css))"/g)].map((match) => match[1])
      : [...text.matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g)].map((match) => `assets/${match[1]}`);
  names.forEach((name) => seen.add(name));
}

const total = [...seen].reduce((sum, file) => sum + gzipSync(readFileSync(join(dist, file))).length, 0);
console.log(`Initial load: ${(total / 1024).toFixed(1)} KiB compressed (at most ${LIMIT / 1024}), ${seen.size} files.`);
if (total > LIMIT) {
  console.error(`The initial load is too large: ${[...seen].join(", ")}. Load what is not needed at once lazily.`);
  process.exit(1);
}
