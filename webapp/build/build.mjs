// What Maven runs: `node build/build.mjs TARGET_DIR [--skip-tests=true]`. Installs what package-lock.json names, builds and tests
// the page, each only if what it is made from has changed since; the stamps of that lie in TARGET_DIR and in node_modules.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";

const NEEDED = [20, 19];
const root = join(import.meta.dirname, "..");
const target = process.argv[2];
const skipTests = process.argv.includes("--skip-tests=true") || process.argv.includes("--skip-tests=");
if (!target) {
  stop("Usage: node build/build.mjs TARGET_DIR [--skip-tests=true]");
}
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1])) {
  stop(`Node ${process.versions.node} is too old to build the page: it needs ${NEEDED.join(".")} or newer on the PATH.`);
}

const lock = digest([join(root, "package-lock.json")]);
const sources = digest([...files(root), join(root, "..", "docs", "api", "openapi.yaml")]);

const installed = join(root, "node_modules", ".installed");
if (read(installed) !== lock) {
  npm("ci", "--prefer-offline");
  writeFileSync(installed, lock);
}
mkdirSync(target, { recursive: true });
const built = join(target, "page.built");
if (read(built) !== sources || !existsSync(join(root, "dist", "index.html"))) {
  rmSync(join(target, "classes", "static"), { recursive: true, force: true });
  npm("run", "build");
  writeFileSync(built, sources);
}
const tested = join(target, "page.tested");
if (!skipTests && read(tested) !== sources) {
  npm("test");
  writeFileSync(tested, sources);
}

function npm(...args) {
  const result = spawnSync("npm", args, { cwd: root, stdio: "inherit", shell: process.platform === "win32" });
  if (result.error) {
    stop(`npm cannot be run: ${result.error.message}. Put Node ${NEEDED.join(".")} or newer with npm on the PATH.`);
  }
  if (result.status !== 0) {
    stop(`npm ${args.join(" ")} failed in ${root}.`);
  }
}

/** Every file that the page is made from or tested by. */
function files(directory) {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => !["node_modules", "dist", "dev"].includes(entry.name))
    .flatMap((entry) => (entry.isDirectory() ? files(join(directory, entry.name)) : [join(directory, entry.name)]))
    .sort();
}

function digest(paths) {
  const hash = createHash("sha256");
  for (const path of paths) {
    hash.update(relative(root, path)).update("\0").update(readFileSync(path)).update("\0");
  }
  return hash.digest("hex");
}

function read(path) {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

function stop(message) {
  console.error(message);
  process.exit(1);
}
