// Writes dist/licenses.txt: the licences of everything that is part of the page.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const names = new Set(Object.keys(json(join(root, "package.json")).dependencies));
for (const name of names) {
  Object.keys(json(join(folder(name), "package.json")).dependencies ?? {}).forEach((other) => names.add(other));
}
const texts = [...names].sort().map((name) => {
  const { version, license } = json(join(folder(name), "package.json"));
  const file = readdirSync(folder(name)).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? readFileSync(join(folder(name), file), "utf8").trim() : "";
  return `${name} ${version} (${license})\n\n${text}\n`;
});
writeFileSync(join(root, "dist", "licenses.txt"), `The page of RunGPT contains:\n\n${texts.join(`\n${"-".repeat(80)}\n\n`)}`);

function folder(name) {
  const path = join(root, "node_modules", name);
  if (!existsSync(path)) {
    throw new Error(`${name} is not installed: run npm ci`);
  }
  return path;
}

function json(path) {
  return JSON.parse(readFileSync(path, "utf8"));
}
