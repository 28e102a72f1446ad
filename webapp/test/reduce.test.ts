import { describe, expect, it } from "vitest";
import type { LogEvent, StoredEvent } from "../src/api/types";
import { applyEvent, applyEvents } from "../src/chat/reduce";
import { type Answer, type Call, NOTHING, type View } from "../src/chat/view";

let at = 0;

function stored(seq: number, type: string, data: Record<string, unknown>): StoredEvent {
  return { seq, at: new Date(1_700_000_000_000 + at++ * 1000).toISOString(), type, data };
}

function delta(text: string, offset: number, channel = "answer"): LogEvent {
  return { type: "message.delta", data: { message: "m2", offset, text, channel } };
}

const TURN: readonly StoredEvent[] = [
  stored(1, "conversation.started", { nonce: "k7f2", protocol: "tags", system: "…", actions: [] }),
  stored(2, "message.user", { message: "m1", text: "What machine?" }),
  stored(3, "turn.started", { turn: "t1", cause: "user" }),
  stored(4, "message.started", { turn: "t1", message: "m2", model: "demo/demo", step: 1 }),
  stored(5, "message.text", { message: "m2", offset: 0, text: "Let me think", channel: "reasoning" }),
  stored(6, "message.text", { message: "m2", offset: 0, text: "I will look. ", channel: "answer" }),
  stored(7, "call.requested", {
    call: "c1",
    message: "m2",
    ref: "1",
    task: "system.shell",
    arguments: { command: "hostname" },
    raw: "<run…>",
    offset: 13,
    action: "rungpt/system",
    version: "1.0.0",
    effects: "write",
  }),
  stored(8, "approval.requested", { call: "c1", approval: "a1", reasons: ["It writes."] }),
  stored(9, "approval.decided", { call: "c1", approval: "a1", decision: "allow", scope: "once", by: "user" }),
  stored(10, "call.started", { call: "c1" }),
  stored(11, "call.output", { call: "c1", stream: "stdout", offset: 0, bytes: 7, text: "box-17\n" }),
  stored(12, "message.finished", { message: "m2", reason: "stop", usage: { input: 10, output: 5, estimated: false } }),
  stored(13, "call.finished", { call: "c1", status: "completed", exit: 0, durationMillis: 12, sandbox: "s1" }),
  stored(14, "message.results", {
    message: "m3",
    results: [{ call: "c1", ref: "1", task: "system.shell", status: "completed", exit: 0, text: "box-17\n", bytes: 7 }],
  }),
  stored(15, "message.started", { turn: "t1", message: "m4", model: "demo/demo", step: 2 }),
  stored(16, "message.text", { message: "m4", offset: 0, text: "It is box-17.", channel: "answer" }),
  stored(17, "message.finished", { message: "m4", reason: "stop" }),
  stored(18, "turn.finished", { turn: "t1", reason: "done", canContinue: false }),
];

const answer = (view: View, id = "m2") => view.messages.get(id) as Answer;
const call = (view: View) => view.calls.get("c1") as Call;

function shuffled<T>(list: readonly T[], seed: number): T[] {
  const result = [...list];
  let state = seed;
  for (let i = result.length - 1; i > 0; i--) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    const j = state % (i + 1);
    [result[i], result[j]] = [result[j] as T, result[i] as T];
  }
  return result;
}

describe("a whole turn", () => {
  const view = applyEvents(NOTHING, TURN);

  it("shows what was said in order", () => {
    expect(view.items.map((item) => item.id)).toEqual(["m1", "m2", "m4"]);
    expect(view.messages.get("m1")).toMatchObject({ kind: "user", text: "What machine?" });
    expect(answer(view).answer.text).toBe("I will look. ");
    expect(answer(view).reasoning.text).toBe("Let me think");
    expect(answer(view).end?.usage).toEqual({ input: 10, output: 5, estimated: false });
    expect(view.turn).toBeUndefined();
  });

  it("shows the call with its output and result", () => {
    expect(answer(view).calls).toEqual(["c1"]);
    expect(call(view)).toMatchObject({
      state: "completed",
      task: "system.shell",
      arguments: { command: "hostname" },
      end: { exit: 0, durationMillis: 12, sandbox: "s1" },
      result: { text: "box-17\n", bytes: 7 },
    });
    expect(call(view).output.map((chunk) => chunk.text).join("")).toBe("box-17\n");
    expect(call(view).approval?.decision).toMatchObject({ allow: true, scope: "once", by: "user" });
  });

  it("does not show a call as running that runs on in the origin of a branch", () => {
    const running = TURN.slice(0, 10);
    const branched = stored(12, "message.notice", { message: "m9", text: "This is a branch.", elsewhere: ["c1", "unknown"] });
    const view = applyEvents(NOTHING, [...running, stored(11, "call.background", { call: "c1" }), branched]);
    expect(call(view).state).toBe("elsewhere");
    expect([...view.calls.keys()]).toEqual(["c1"]);
  });

  it("is the same event by event and at once", () => {
    expect(TURN.reduce<View>(applyEvent, NOTHING)).toEqual(view);
  });

  it("is the same in whatever order stored events come", () => {
    for (let seed = 1; seed <= 50; seed++) {
      expect(applyEvents(NOTHING, shuffled(TURN, seed))).toEqual(view);
    }
  });

  it("is the same when events come twice", () => {
    expect(applyEvents(view, TURN)).toBe(view);
    expect(applyEvents(NOTHING, [...TURN.slice(0, 12), ...TURN])).toEqual(view);
  });

  it("is the same as a snapshot followed by the rest", () => {
    for (let cut = 0; cut <= TURN.length; cut++) {
      const snapshot = applyEvents(NOTHING, TURN.slice(0, cut));
      expect(applyEvents(snapshot, TURN.slice(Math.max(0, cut - 3)))).toEqual(view);
    }
  });

  it("does not change the view it was given", () => {
    const before = applyEvents(NOTHING, TURN.slice(0, 9));
    const copy = structuredClone(before);
    applyEvents(before, TURN);
    expect(before).toEqual(copy);
  });
});

describe("deltas", () => {
  const begun = applyEvents(NOTHING, TURN.slice(0, 4));

  it("show at once and are confirmed by the stored text", () => {
    let view = applyEvents(begun, [delta("I will ", 0), delta("look. ", 7)]);
    expect(answer(view).answer.text).toBe("I will look. ");
    view = applyEvents(view, TURN.slice(4, 6));
    expect(answer(view).answer.text).toBe("I will look. ");
  });

  it("may come late, twice, or with a gap before them", () => {
    const view = applyEvents(begun, [delta("look. ", 7), delta("look. ", 7)]);
    expect(answer(view).answer.text).toBe("");
    expect(answer(applyEvents(view, [delta("I will ", 0), delta("I will ", 0)])).answer.text).toBe("I will look. ");
    expect(answer(applyEvents(view, TURN.slice(4, 6))).answer.text).toBe("I will look. ");
  });

  it("count in each channel by itself", () => {
    const view = applyEvents(begun, [delta("hm", 0, "reasoning"), delta("yes", 0)]);
    expect(answer(view)).toMatchObject({ answer: { text: "yes" }, reasoning: { text: "hm" } });
  });

  it("change nothing any more when the message has ended", () => {
    const ended = applyEvents(NOTHING, TURN);
    expect(applyEvent(ended, delta("x", 13))).toBe(ended);
  });

  it("of unknown messages and with senseless fields are ignored", () => {
    for (const data of [{}, { message: 7 }, { message: "m2" }, { message: "m2", offset: -1, text: "x" }, { message: "m9", offset: 0, text: "x" }]) {
      expect(applyEvent(begun, { type: "message.delta", data })).toBe(begun);
    }
  });

  it("of a call show that one is being written, until it is there", () => {
    const view = applyEvent(begun, { type: "call.delta", data: { message: "m2", ref: "1", task: "system.shell" } });
    expect(answer(view).writing).toBe("system.shell");
    expect(answer(applyEvents(view, TURN.slice(4, 7))).writing).toBeUndefined();
  });
});

describe("the steps of a call before it says anything", () => {
  const running = applyEvents(NOTHING, TURN.slice(0, 10));
  const step = (text: string, more = {}): LogEvent => ({ type: "call.progress", data: { call: "c1", step: text, ...more } });

  it("stay until it says something, the last of them", () => {
    const lines = Array.from({ length: 300 }, (_, n) => `line ${n}`);
    const view = applyEvents(running, lines.map((line) => step(line)));
    expect(call(view).progress).toEqual(lines.slice(-200));
    expect(call(applyEvents(view, TURN.slice(10, 11))).progress).toEqual([]);
    expect(call(applyEvents(view, TURN.slice(10))).progress).toEqual([]);
  });

  it("are one line however far a step has come", () => {
    const view = applyEvents(running, [step("fetching"), ...[1, 2, 3].map((done) => step("unpacking", { done, total: 4 })), step("done")]);
    expect(call(view).progress).toEqual(["fetching", "unpacking (75 %)", "done"]);
  });
});

describe("output", () => {
  const running = applyEvents(NOTHING, TURN.slice(0, 10));
  const live = (stream: string, offset: number, text: string): LogEvent => ({
    type: "call.output.delta",
    data: { call: "c1", stream, offset, text },
  });
  const kept = (seq: number, stream: string, offset: number, text: string, bytes = new TextEncoder().encode(text).length) =>
    stored(seq, "call.output", { call: "c1", stream, offset, bytes, text });
  const shown = (view: View) => call(view).output.map((chunk) => `${chunk.stream === "stderr" ? "!" : ""}${chunk.text}`);

  it("keeps the order of the streams when the stored text replaces the live one", () => {
    let view = applyEvents(running, [live("stdout", 0, "a\n"), live("stderr", 0, "E\n"), live("stdout", 2, "b\n")]);
    expect(shown(view)).toEqual(["a\n", "!E\n", "b\n"]);
    view = applyEvents(view, [kept(11, "stdout", 0, "a\n"), kept(12, "stderr", 0, "E\n"), kept(13, "stdout", 2, "b\n")]);
    expect(shown(view)).toEqual(["a\n", "!E\n", "b\n"]);
  });

  it("counts bytes, not characters", () => {
    const view = applyEvents(running, [live("stdout", 0, "äö"), live("stdout", 4, "ü"), kept(11, "stdout", 0, "äö")]);
    expect(shown(view)).toEqual(["äö", "ü"]);
  });

  it("cuts live text that reaches beyond the stored", () => {
    const view = applyEvents(running, [live("stdout", 0, "äöü"), kept(11, "stdout", 0, "äö")]);
    expect(shown(view).join("")).toBe("äöü");
  });

  it("does not repeat bytes that are no text", () => {
    const view = applyEvents(running, [live("stdout", 0, "a\uFFFD"), live("stdout", 2, "b"), kept(11, "stdout", 0, "a\uFFFDb", 3)]);
    expect(shown(view).join("")).toBe("a\uFFFDb");
  });

  it("ignores live text that is stored already or comes twice", () => {
    const view = applyEvents(running, [kept(11, "stdout", 0, "abc"), live("stdout", 0, "abc"), live("stdout", 3, "d"), live("stdout", 3, "d")]);
    expect(shown(view)).toEqual(["abc", "d"]);
  });

  it("keeps what an action logs apart from what it says: each counts from 0", () => {
    const live4 = [live("log", 0, "begins\n"), live("stdout", 0, "half\n"), live("error", 0, "No disk."), live("stdout", 5, "whole\n")];
    const kept4 = [kept(11, "log", 0, "begins\n"), kept(12, "stdout", 0, "half\n"), kept(13, "error", 0, "No disk."), kept(14, "stdout", 5, "whole\n")];
    const all = ["log begins\n", "stdout half\n", "error No disk.", "stdout whole\n"];
    for (const events of [live4, kept4, [...live4, ...kept4]]) {
      expect(call(applyEvents(running, events)).output.map((chunk) => `${chunk.stream} ${chunk.text}`)).toEqual(all);
    }
  });

  it("joins what was stored in pieces", () => {
    const view = applyEvents(running, [kept(11, "stdout", 0, "abc"), kept(12, "stdout", 3, "def")]);
    expect(shown(view)).toEqual(["abcdef"]);
  });
});

describe("ends", () => {
  it("are shown unless the turn is simply done", () => {
    const view = applyEvents(NOTHING, [
      ...TURN.slice(0, 4),
      stored(5, "message.finished", { message: "m2", reason: "error", error: { kind: "authentication", message: "No.", remedy: "Set a key." } }),
      stored(6, "turn.finished", { turn: "t1", reason: "error", detail: "No.", canContinue: true }),
    ]);
    expect(view.items.at(-1)).toMatchObject({ kind: "end", id: "t1" });
    expect(view.ends.get("t1")).toMatchObject({ reason: "error", canContinue: true });
    expect(answer(view).end?.error).toEqual({ kind: "authentication", message: "No.", remedy: "Set a key." });
  });

  it("of a superseded message hide it", () => {
    const view = applyEvents(NOTHING, [...TURN.slice(0, 4), stored(5, "message.finished", { message: "m2", reason: "superseded" })]);
    expect(view.items.map((item) => item.id)).toEqual(["m1"]);
  });

  it("show a retry until text comes", () => {
    const retrying = applyEvents(NOTHING, [
      ...TURN.slice(0, 4),
      stored(5, "message.retrying", { message: "m2", attempt: 2, waitMillis: 1000, reason: "busy" }),
    ]);
    expect(answer(retrying).retry).toEqual({ attempt: 2, waitMillis: 1000, reason: "busy" });
    expect(answer(applyEvent(retrying, delta("x", 0))).retry).toBeUndefined();
  });

  it("of a denied or malformed call stay what they are", () => {
    const denied = applyEvents(NOTHING, [
      ...TURN.slice(0, 8),
      stored(9, "approval.decided", { call: "c1", approval: "a1", decision: "deny", scope: "once", by: "user", reason: "no" }),
      stored(10, "call.finished", { call: "c1", status: "denied", message: "no" }),
    ]);
    expect(call(denied)).toMatchObject({ state: "denied", approval: { decision: { allow: false, reason: "no" } } });
    expect(denied.spent.calls, "as budgets count").toBe(0);
    const malformed = applyEvents(NOTHING, [
      ...TURN.slice(0, 4),
      stored(5, "call.requested", { call: "c1", message: "m2", ref: "1", task: "x.y", arguments: "{", raw: "<run", offset: 0, problem: "no such task" }),
    ]);
    expect(call(malformed)).toMatchObject({ state: "invalid", problem: "no such task", arguments: "{" });
  });

  it("unknown types and strange data leave the view usable", () => {
    const odd = applyEvents(NOTHING, [
      stored(1, "execute", { code: "alert(1)" }),
      stored(2, "message.user", {}),
      stored(3, "call.requested", { call: [], message: {} }),
      stored(4, "turn.finished", {}),
      stored(5, "message.results", { results: "x" }),
    ]);
    expect(odd).toMatchObject({ seq: 5, items: [] });
  });

  it("takes ten thousand events in one go", () => {
    const many = Array.from({ length: 10_000 }, (_, i) => stored(i + 1, "message.user", { message: `u${i}`, text: "x" }));
    expect(applyEvents(NOTHING, many).items).toHaveLength(10_000);
  });
});

describe("what stands beside answers", () => {
  const LOG: readonly StoredEvent[] = [
    ...TURN.slice(0, 7),
    stored(8, "approval.requested", {
      call: "c1",
      approval: "a1",
      reasons: ["It comes from a third party."],
      scopes: ["once"],
      untrusted: ["web.fetch"],
      needs: {
        reasons: ["It asks to reach example.org:443."],
        network: ["example.org:443"],
        shares: [{ name: "notes", writable: true }],
        secrets: [{ name: "key", env: "KEY", hosts: [], set: false }],
        workspace: true,
        sidecars: [],
      },
    }),
    stored(9, "approval.decided", { call: "c1", approval: "a1", decision: "allow", scope: "once", by: "user", arguments: { command: "true" } }),
    stored(10, "call.started", { call: "c1" }),
    stored(11, "call.background", { call: "c1" }),
    stored(12, "call.connection", { call: "c1", number: 1, host: "example.org", port: 443, allowed: false, reason: "not granted", sent: 0, received: 0 }),
    stored(13, "call.artifact", { call: "c1", artifact: "f1", name: "plot.png", mediaType: "image/png", size: 7 }),
    stored(14, "call.finished", { call: "c1", status: "completed" }),
    stored(15, "message.results", { message: "m3", late: true, results: [{ call: "c1", text: "ok", bytes: 2 }] }),
    stored(16, "context.shortened", { calls: ["c1"], tokens: 10, room: 5 }),
    stored(17, "context.summarised", { message: "m9", through: 5, messages: 3, text: "In short.", usage: { input: 5, output: 5, estimated: true, cost: 0.5 } }),
    stored(18, "workspace.reverted", { call: "c1", revert: "r1", files: ["a.txt"] }),
    stored(19, "message.user", {
      message: "m5",
      text: "/run system.now",
      attachments: [{ artifact: "f2", name: "dot.png", mediaType: "image/png", size: 70 }],
    }),
    stored(20, "call.requested", { call: "c2", message: "m5", by: "user", index: 0, task: "system.now", arguments: {} }),
    stored(21, "message.imported", { message: "m6", role: "assistant", text: "Long ago." }),
    stored(22, "grant.changed", { grants: {} }),
  ];
  const view = applyEvents(NOTHING, LOG);

  it("stands in the order of the log", () => {
    expect(view.items.map((item) => item.kind)).toEqual(["user", "answer", "late", "shortened", "summarised", "reverted", "user", "imported"]);
    expect(view.items.map((item) => item.seq)).toEqual([2, 4, 15, 16, 17, 18, 19, 21]);
    expect(view.permissions).toBe(22);
  });

  it("tells what a call asks for, what the user made of it and what it left", () => {
    expect(call(view)).toMatchObject({
      arguments: { command: "true" },
      edited: true,
      background: true,
      approval: { scopes: ["once"], untrusted: ["web.fetch"], needs: { network: ["example.org:443"], secrets: [{ name: "key", set: false }] } },
      artifacts: [{ id: "f1", name: "plot.png" }],
      connections: [{ host: "example.org", allowed: false, reason: "not granted" }],
    });
  });

  it("counts what was spent", () => {
    expect(view.spent).toEqual({ input: 5, output: 5, estimated: true, cost: 0.5, calls: 1 });
  });

  it("shows the calls of a user with the message that holds them", () => {
    expect(view.messages.get("m5")).toMatchObject({ kind: "user", calls: ["c2"], attachments: [{ id: "f2" }] });
    expect(view.calls.get("c2")?.by).toBe("user");
  });

  it("is the same in whatever order stored events come", () => {
    for (let seed = 1; seed <= 20; seed++) {
      expect(applyEvents(NOTHING, shuffled(LOG, seed))).toEqual(view);
    }
  });
});
