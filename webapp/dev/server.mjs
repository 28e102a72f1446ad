// For work on the page only, never shipped: serves dist/ with the real headers, and answers the API from scripts.
// `node dev/server.mjs [PORT]`, then open http://127.0.0.1:PORT/ (or `npm run dev`, which sends /api here).
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { perform, seeded } from "./script.mjs";

const dist = join(import.meta.dirname, "..", "dist");
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2" };
const HEADERS = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src-elem 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; media-src 'self' blob:; frame-src 'none'; object-src 'none'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types rungpt dompurify",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** The whole state of the pretended server. */
export class World {
  conversations = new Map();
  logs = new Map();
  listeners = new Map();
  listListeners = new Set();
  decisions = new Map();
  stopped = new Set();
  dockerReady = true;
  pace = 1;
  connections = [
    { name: "demo", kind: "demo", title: "Demo", baseUrl: "", ready: true, reason: "A script, no AI." },
  ];
  models = [{ id: "demo/demo", title: "Demo (no AI)", connection: "demo", ready: true, reason: "Ready." }];
  defaultModel = "demo/demo";

  create(model, title = "", updated = Date.now()) {
    const id = `c${Math.random().toString(36).slice(2, 12)}`;
    const at = new Date(updated).toISOString();
    const conversation = { id, title, created: at, updated: at, state: "idle", model: model ?? this.defaultModel, protocol: "tags", lastSeq: 0 };
    this.conversations.set(id, conversation);
    this.logs.set(id, []);
    this.listeners.set(id, new Set());
    this.append(id, "conversation.started", { nonce: "k7f2", protocol: "tags", system: "…", actions: [] }, updated);
    return conversation;
  }

  append(id, type, data, at = Date.now()) {
    const log = this.logs.get(id);
    if (!log) return;
    const event = { seq: log.length + 1, at: new Date(at).toISOString(), type, data };
    log.push(event);
    const conversation = this.conversations.get(id);
    conversation.lastSeq = event.seq;
    conversation.updated = event.at;
    this.listeners.get(id).forEach((send) => send(event));
  }

  transient(id, type, data) {
    this.listeners.get(id)?.forEach((send) => send({ type, data }));
  }

  state(id, change) {
    const conversation = this.conversations.get(id);
    if (conversation) {
      Object.assign(conversation, change);
      this.listListeners.forEach((send) => send({ type: "conversation", data: conversation }));
    }
  }
}

export function serve(world, port) {
  const server = createServer((request, response) => void answer(world, request, response));
  return new Promise((resolve) => server.listen(port, "127.0.0.1", () => resolve(server)));
}

async function answer(world, request, response) {
  const url = new URL(request.url, "http://127.0.0.1");
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  if (url.pathname.startsWith("/api/")) {
    return api(world, request, response, url);
  }
  const file = join(dist, normalize(url.pathname));
  const found = file.startsWith(dist) && existsSync(file) && statSync(file).isFile() ? file : join(dist, "index.html");
  response.setHeader("Content-Type", TYPES[extname(found)] ?? "application/octet-stream");
  createReadStream(found).pipe(response);
}

async function api(world, request, response, url) {
  const [, , what, id, verb, call, verb2] = url.pathname.split("/").map(decodeURIComponent);
  const json = (body, status = 200) => {
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(body === undefined ? undefined : JSON.stringify(body));
  };
  const fail = (status, code, message, remedy) => json({ error: { code, message, remedy } }, status);
  const body = await read(request);
  if (request.method !== "GET" && request.headers["x-rungpt"] !== "1") return fail(403, "forbidden", "The header X-RunGPT is missing.");
  const route = `${request.method} ${what}`;
  switch (route) {
    case "GET status":
      return json({ version: "1.0.0", ready: world.dockerReady, parts: parts(world) });
    case "GET models":
      return json({ default: world.defaultModel, models: world.models });
    case "PATCH settings":
      world.defaultModel = body.defaultModel;
      return json({ defaultModel: world.defaultModel });
    case "GET actions":
      return json({ actions: ACTIONS, rejections: [{ id: "acme/broken", version: "0.3.0", problems: ["manifest.json: tasks[0].effects: must be none, read, write or destructive"] }] });
    case "GET connections":
      return json({ connections: world.connections });
    case "PUT connections": {
      const made = { name: id, kind: "openai", title: id, baseUrl: body.baseUrl, ready: Boolean(body.key), reason: body.key ? "Ready." : "No key is set.", remedy: body.key ? undefined : "Paste a key.", keyHint: body.key ? `…${body.key.slice(-4)}` : undefined };
      world.connections = [...world.connections.filter((one) => one.name !== id), made];
      return json(undefined, 204);
    }
    case "DELETE connections":
      world.connections = world.connections.filter((one) => one.name !== id);
      return json(undefined, 204);
    case "POST connections":
      return id === "demo" ? json({ models: world.models }) : fail(502, "unavailable", "api.openai.com refused the key (401).", "Check the key in Settings.");
    case "DELETE session":
      return json(undefined, 204);
    case "GET events":
      return stream(response, (send) => {
        world.listListeners.add(send);
        return () => world.listListeners.delete(send);
      });
    case "POST conversations":
      if (!id) {
        const made = world.create(body.model);
        world.state(made.id, {});
        return json(made, 201);
      }
  }
  if (what !== "conversations") return fail(404, "not_found", "There is no such thing.");
  if (!id) {
    const list = [...world.conversations.values()].sort((a, b) => Date.parse(b.updated) - Date.parse(a.updated));
    return json({ conversations: list });
  }
  if (!world.conversations.has(id)) return fail(404, "not_found", "There is no such conversation.");
  if (request.method === "PATCH") {
    world.state(id, body);
    return json(world.conversations.get(id));
  }
  if (request.method === "DELETE") {
    world.conversations.delete(id);
    world.listListeners.forEach((send) => send({ type: "deleted", data: { id } }));
    return json(undefined, 204);
  }
  if (!verb) return json(world.conversations.get(id));
  if (verb === "events") {
    const after = Number(request.headers["last-event-id"] ?? url.searchParams.get("after") ?? 0);
    const past = world.logs.get(id).filter((event) => event.seq > after);
    if (!request.headers.accept?.includes("text/event-stream")) return json({ events: past });
    return stream(response, (send) => {
      past.forEach(send);
      world.listeners.get(id).add(send);
      return () => world.listeners.get(id)?.delete(send);
    });
  }
  if (verb === "messages") {
    json({ message: body.id }, 202);
    return perform(world, id, body.id, body.text);
  }
  if (verb === "stop") world.stopped.add(id);
  if (verb2 === "approval") world.decisions.get(call)?.(body);
  return json(undefined, 204);
}

function stream(response, subscribe) {
  response.writeHead(200, { "Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache" });
  response.flushHeaders();
  const end = subscribe((event) => response.write(`${event.seq ? `id: ${event.seq}\n` : ""}data: ${JSON.stringify(event)}\n\n`));
  response.on("close", end);
}

async function read(request) {
  let text = "";
  for await (const piece of request) text += piece;
  return text === "" ? {} : JSON.parse(text);
}

function parts(world) {
  return [
    world.dockerReady
      ? { id: "docker", title: "Docker engine", ready: true, reason: "Docker 20.10.24 answers." }
      : { id: "docker", title: "Docker engine", ready: false, reason: "Nothing listens on /var/run/docker.sock.", remedy: "Start it: sudo systemctl start docker. It is noticed by itself." },
    { id: "store", title: "Conversations", ready: true, reason: "SQLite, 12 conversations." },
    { id: "models", title: "Models", ready: true, reason: "1 model of 1 connection." },
    { id: "actions", title: "Actions", ready: true, reason: "2 actions, 10 tasks." },
  ];
}

const ACTIONS = [
  { id: "rungpt/filesystem", alias: "filesystem", title: "Files", version: "1.0.0", description: "Reads, writes and finds files in the conversation's workspace.", builtIn: true, tasks: [
    { name: "read_file", description: "Reads a text file.", effects: "read", parameters: { type: "object", properties: { path: { type: "string", description: "Relative to /workspace." } }, required: ["path"] } },
    { name: "write_file", description: "Writes a text file.", effects: "write", parameters: { type: "object", properties: { path: { type: "string" }, content: { type: "string" } }, required: ["path", "content"] } },
  ] },
  { id: "rungpt/system", alias: "system", title: "System", version: "1.0.0", description: "Runs commands in the conversation's container.", builtIn: true, tasks: [
    { name: "shell", description: "Runs a command with bash.", effects: "write", parameters: { type: "object", properties: { command: { type: "string" } }, required: ["command"] } },
  ] },
];

if (process.argv[1] === import.meta.filename) {
  const port = Number(process.argv[2] ?? 8099);
  const world = new World();
  seeded(world);
  await serve(world, port);
  console.log(`http://127.0.0.1:${port}/`);
}
