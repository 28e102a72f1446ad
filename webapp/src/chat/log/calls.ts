import { readJson } from "../../api/json";
import type { EventData } from "../../api/types";
import { flag, isRecord, number, record, records, text, texts } from "../fields";
import { addStored, addTransient, STREAMS } from "../output";
import { type Call, type CallState, isFinal, type Needs } from "../view";
import type { Draft, Handler } from "./draft";
import { artifactOf } from "./messages";

/** What is asked for, decided, run and left. */
export const CALLS: Readonly<Record<string, Handler>> = {
  "call.delta": (draft, data) =>
    draft.answer(data, (answer) => (answer.end ? answer : { ...answer, writing: text(data, "task") ?? "" })),
  "call.requested": requested,
  "approval.requested": (draft, data) =>
    draft.call(data, (call) => ({
      ...call,
      state: "input_required",
      approval: {
        id: text(data, "approval") ?? "",
        reasons: texts(data, "reasons"),
        scopes: texts(data, "scopes"),
        needs: needsOf(record(data, "needs")),
        untrusted: texts(data, "untrusted"),
        decision: undefined,
      },
    })),
  "approval.decided": (draft, data) => draft.call(data, (call) => decided(call, data)),
  "call.started": (draft, data, at) =>
    draft.call(data, (call) => ({ ...call, state: "working", startedAt: at, progress: [] })),
  "call.background": (draft, data) => draft.call(data, (call) => ({ ...call, background: true })),
  "call.progress": (draft, data) =>
    draft.call(data, (call) => (isFinal(call.state) ? call : { ...call, progress: withStep(call.progress, data) })),
  "call.output.delta": (draft, data) => draft.call(data, (call) => (isFinal(call.state) ? call : withOutput(call, data, false))),
  "call.output": (draft, data) => draft.call(data, (call) => withOutput(call, data, true)),
  "call.connection": (draft, data) =>
    draft.call(data, (call) => ({
      ...call,
      connections: [
        ...call.connections,
        {
          host: text(data, "host") ?? "",
          port: number(data, "port") ?? 0,
          allowed: flag(data, "allowed"),
          reason: text(data, "reason"),
          sent: number(data, "sent") ?? 0,
          received: number(data, "received") ?? 0,
        },
      ],
    })),
  "call.artifact": (draft, data) =>
    draft.call(data, (call) => {
      const artifact = artifactOf(data);
      return { ...call, artifacts: [...call.artifacts.filter((other) => other.id !== artifact.id), artifact] };
    }),
  "call.finished": (draft, data) => {
    // As budgets count: what was denied or not understood took nothing.
    if (draft.callOf(text(data, "call"))?.startedAt !== undefined) {
      draft.spend((spent) => ({ ...spent, calls: spent.calls + 1 }));
    }
    draft.call(data, (call) => finished(call, data));
  },
  "message.results": results,
};

function requested(draft: Draft, data: EventData): void {
  const id = text(data, "call");
  const message = text(data, "message");
  if (id === undefined || message === undefined) {
    return;
  }
  const problem = text(data, "problem");
  draft.putCall({
    id,
    message,
    ref: text(data, "ref") ?? "",
    task: text(data, "task") ?? "",
    title: text(data, "title"),
    action: text(data, "action"),
    version: text(data, "version"),
    effects: text(data, "effects"),
    contentHash: text(data, "contentHash"),
    thirdParty: flag(data, "thirdParty"),
    by: text(data, "by") === "user" ? "user" : "model",
    arguments: argumentsOf(data["arguments"]),
    edited: false,
    raw: text(data, "raw") ?? "",
    offset: number(data, "offset") ?? Number.MAX_SAFE_INTEGER,
    problem,
    seq: draft.seq,
    state: problem === undefined ? "requested" : "invalid",
    approval: undefined,
    startedAt: undefined,
    background: false,
    progress: [],
    output: [],
    artifacts: [],
    connections: [],
    end: undefined,
    result: undefined,
  });
  const asked = draft.message(message);
  if (asked?.kind === "user") {
    draft.put({ ...asked, calls: [...asked.calls.filter((other) => other !== id), id] });
  } else {
    draft.answer(data, (answer) => ({
      ...answer,
      writing: undefined,
      calls: [...answer.calls.filter((other) => other !== id), id].sort(
        (a, b) => (draft.callOf(a)?.offset ?? 0) - (draft.callOf(b)?.offset ?? 0),
      ),
    }));
  }
}

function needsOf(needs: EventData | undefined): Needs | undefined {
  return (
    needs && {
      reasons: texts(needs, "reasons"),
      network: texts(needs, "network"),
      shares: records(needs, "shares").map((share) => ({
        name: text(share, "name") ?? "",
        writable: flag(share, "writable"),
        why: text(share, "why"),
      })),
      secrets: records(needs, "secrets").map((secret) => ({
        name: text(secret, "name") ?? "",
        env: text(secret, "env") ?? "",
        hosts: texts(secret, "hosts"),
        set: flag(secret, "set"),
        help: text(secret, "help"),
      })),
      workspace: flag(needs, "workspace"),
      sidecars: texts(needs, "sidecars"),
    }
  );
}

function decided(call: Call, data: EventData): Call {
  const allow = text(data, "decision") === "allow";
  const edited = record(data, "arguments");
  return {
    ...call,
    arguments: edited ?? call.arguments,
    edited: call.edited || edited !== undefined,
    state: isFinal(call.state) ? call.state : allow ? "working" : "denied",
    approval: {
      id: text(data, "approval") ?? "",
      reasons: call.approval?.reasons ?? [],
      scopes: call.approval?.scopes ?? [],
      needs: call.approval?.needs,
      untrusted: call.approval?.untrusted ?? [],
      decision: {
        allow,
        scope: text(data, "scope") ?? "once",
        by: text(data, "by") ?? "user",
        reason: text(data, "reason"),
      },
    },
  };
}

/** So many steps are kept. */
const STEPS = 200;

/** Steps with one more; how far a step has come takes the place of how far it had come before. */
function withStep(steps: readonly string[], data: EventData): readonly string[] {
  const step = text(data, "step");
  const done = number(data, "done");
  const total = number(data, "total");
  if (step === undefined) {
    return steps;
  }
  const measured = done !== undefined && total !== undefined && total > 0;
  const line = measured ? `${step} (${Math.min(100, Math.floor((done / total) * 100))} %)` : step;
  const last = steps.at(-1);
  const again = last === line || (measured && last?.startsWith(`${step} (`));
  return [...(again ? steps.slice(0, -1) : steps.slice(1 - STEPS)), line];
}

function withOutput(call: Call, data: EventData, stored: boolean): Call {
  const stream = STREAMS.find((name) => name === text(data, "stream")) ?? "stdout";
  const offset = number(data, "offset");
  const said = text(data, "text") ?? "";
  if (offset === undefined || offset < 0) {
    return call;
  }
  const output = stored
    ? addStored(call.output, stream, offset, number(data, "bytes") ?? 0, said)
    : addTransient(call.output, stream, offset, said);
  return output === call.output ? call : { ...call, progress: [], output };
}

const FINAL: ReadonlySet<string> = new Set<CallState>([
  "completed",
  "failed",
  "cancelled",
  "denied",
  "invalid",
  "interrupted",
  "unknown",
]);

function finished(call: Call, data: EventData): Call {
  const status = text(data, "status") ?? "";
  return {
    ...call,
    state: FINAL.has(status) ? (status as CallState) : "unknown",
    progress: [],
    end: {
      exit: number(data, "exit"),
      message: text(data, "message"),
      durationMillis: number(data, "durationMillis"),
      sandbox: text(data, "sandbox"),
    },
  };
}

function results(draft: Draft, data: EventData): void {
  const told = records(data, "results");
  for (const result of told) {
    draft.call(result, (call) => ({
      ...call,
      result: { text: text(result, "text") ?? "", bytes: number(result, "bytes") ?? 0, note: text(result, "note") },
    }));
  }
  const id = text(data, "message");
  if (flag(data, "late") && id !== undefined) {
    draft.put({ kind: "late", id, calls: told.map((result) => text(result, "call") ?? "") });
  }
}

/** The arguments are an object; as text they are parsed, and shown as they are if they are neither. */
function argumentsOf(value: unknown): unknown {
  if (typeof value === "string") {
    try {
      const parsed = readJson(value);
      return isRecord(parsed) ? parsed : value;
    } catch {
      return value;
    }
  }
  return value ?? {};
}
