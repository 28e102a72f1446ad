import { type EventData, isStored, type LogEvent, type StoredEvent } from "../api/types";
import { flag, isRecord, number, record, records, text, texts } from "./fields";
import { addStored, addTransient, type StreamName } from "./output";
import { EMPTY, mergePiece } from "./stretch";
import { type Answer, type Call, type CallState, isFinal, type Item, type Message, type Turn, type TurnEnd, type View } from "./view";

/**
 * The view after one more event. Pure; the same event twice changes nothing; stored events are applied in the order of their
 * numbers, in whatever order they come; transient ones only ever show earlier what a stored one says again.
 */
export function applyEvent(view: View, event: LogEvent): View {
  return applyEvents(view, [event]);
}

/** The same for several, copying once. */
export function applyEvents(view: View, events: readonly LogEvent[]): View {
  const draft = new Draft(view);
  for (const event of events) {
    if (isStored(event)) {
      draft.stored(event);
    } else {
      draft.apply(event.type, event.data, "");
    }
  }
  return draft.done();
}

class Draft {
  private seq: number;
  private early: Map<number, StoredEvent> | undefined;
  private items: Item[] | undefined;
  private messages: Map<string, Message> | undefined;
  private calls: Map<string, Call> | undefined;
  private ends: Map<string, TurnEnd> | undefined;
  private turn: Turn | undefined;

  constructor(private readonly before: View) {
    this.seq = before.seq;
    this.turn = before.turn;
  }

  done(): View {
    const { before } = this;
    const changed =
      this.seq !== before.seq || this.early !== undefined || this.messages !== undefined || this.calls !== undefined;
    return changed
      ? {
          seq: this.seq,
          early: this.early ?? before.early,
          items: this.items ?? before.items,
          messages: this.messages ?? before.messages,
          calls: this.calls ?? before.calls,
          ends: this.ends ?? before.ends,
          turn: this.turn,
        }
      : before;
  }

  stored(event: StoredEvent): void {
    if (event.seq <= this.seq || this.currentEarly().has(event.seq)) {
      return;
    }
    if (event.seq > this.seq + 1) {
      this.earlyCopy().set(event.seq, event);
      return;
    }
    this.next(event);
    for (;;) {
      const waiting = this.currentEarly().get(this.seq + 1);
      if (!waiting) {
        return;
      }
      this.earlyCopy().delete(waiting.seq);
      this.next(waiting);
    }
  }

  private next(event: StoredEvent): void {
    this.seq = event.seq;
    this.apply(event.type, event.data, event.at);
  }

  apply(type: string, data: EventData, at: string): void {
    switch (type) {
      case "message.user":
      case "message.notice":
        return this.said(type === "message.user" ? "user" : "notice", data, at);
      case "turn.started":
        return this.turnStarted(data, at);
      case "turn.finished":
        return this.turnFinished(data);
      case "message.started":
        return this.answerStarted(data, at);
      case "message.retrying":
        return this.answer(data, (answer) => ({
          ...answer,
          retry: {
            attempt: number(data, "attempt") ?? 1,
            waitMillis: number(data, "waitMillis") ?? 0,
            reason: text(data, "reason") ?? "",
          },
        }));
      case "message.delta":
        return this.answer(data, (answer) => (answer.end ? answer : withPiece(answer, data)));
      case "message.text":
        return this.answer(data, (answer) => withPiece(answer, data));
      case "message.finished":
        return this.answerFinished(data);
      case "message.results":
        return this.results(data);
      case "call.delta":
        return this.answer(data, (answer) => (answer.end ? answer : { ...answer, writing: text(data, "task") ?? "" }));
      case "call.requested":
        return this.callRequested(data);
      case "approval.requested":
        return this.call(data, (call) => ({
          ...call,
          state: "input_required",
          approval: { id: text(data, "approval") ?? "", reasons: texts(data, "reasons"), decision: undefined },
        }));
      case "approval.decided":
        return this.call(data, (call) => decided(call, data));
      case "call.started":
        return this.call(data, (call) => ({ ...call, state: "working", startedAt: at, progress: undefined }));
      case "call.progress":
        return this.call(data, (call) => (isFinal(call.state) ? call : { ...call, progress: text(data, "step") }));
      case "call.output.delta":
        return this.call(data, (call) => (isFinal(call.state) ? call : withOutput(call, data, false)));
      case "call.output":
        return this.call(data, (call) => withOutput(call, data, true));
      case "call.finished":
        return this.call(data, (call) => finished(call, data));
      default:
      // Types that this page does not know are none of its business.
    }
  }

  private said(kind: "user" | "notice", data: EventData, at: string): void {
    const id = text(data, "message");
    if (id === undefined) {
      return;
    }
    const said = text(data, "text") ?? "";
    this.message(kind === "user" ? { kind, id, at, text: said } : { kind, id, text: said });
  }

  private turnStarted(data: EventData, at: string): void {
    const id = text(data, "turn");
    if (id !== undefined) {
      this.turn = { id, at };
    }
  }

  private turnFinished(data: EventData): void {
    const id = text(data, "turn");
    if (id === undefined) {
      return;
    }
    const reason = text(data, "reason") ?? "done";
    this.turn = undefined;
    this.ends ??= new Map(this.before.ends);
    if (reason !== "done" && !this.ends.has(id)) {
      this.itemsCopy().push({ kind: "end", id });
    }
    this.ends.set(id, { id, reason, detail: text(data, "detail"), canContinue: flag(data, "canContinue") });
  }

  private answerStarted(data: EventData, at: string): void {
    const id = text(data, "message");
    if (id === undefined) {
      return;
    }
    const answer: Answer = {
      kind: "answer",
      id,
      turn: text(data, "turn") ?? "",
      model: text(data, "model") ?? "",
      step: number(data, "step") ?? 1,
      at,
      answer: EMPTY,
      reasoning: EMPTY,
      calls: [],
      writing: undefined,
      retry: undefined,
      end: undefined,
    };
    this.message(answer);
  }

  private answerFinished(data: EventData): void {
    const reason = text(data, "reason") ?? "stop";
    const error = record(data, "error");
    const usage = record(data, "usage");
    this.answer(data, (answer) => ({
      ...answer,
      writing: undefined,
      retry: undefined,
      end: {
        reason,
        detail: text(data, "detail"),
        error: error && { message: text(error, "message") ?? "", remedy: text(error, "remedy") },
        usage: usage && {
          input: number(usage, "input") ?? 0,
          output: number(usage, "output") ?? 0,
          estimated: flag(usage, "estimated"),
        },
      },
    }));
    if (reason === "superseded") {
      const id = text(data, "message");
      this.items = this.itemsCopy().filter((item) => item.id !== id);
    }
  }

  private results(data: EventData): void {
    for (const result of records(data, "results")) {
      this.call(result, (call) => ({
        ...call,
        result: { text: text(result, "text") ?? "", bytes: number(result, "bytes") ?? 0, note: text(result, "note") },
      }));
    }
  }

  private callRequested(data: EventData): void {
    const id = text(data, "call");
    const message = text(data, "message");
    if (id === undefined || message === undefined) {
      return;
    }
    const problem = text(data, "problem");
    const call: Call = {
      id,
      message,
      ref: text(data, "ref") ?? "",
      task: text(data, "task") ?? "",
      title: text(data, "title"),
      action: text(data, "action"),
      version: text(data, "version"),
      effects: text(data, "effects"),
      arguments: argumentsOf(data["arguments"]),
      raw: text(data, "raw") ?? "",
      offset: number(data, "offset") ?? Number.MAX_SAFE_INTEGER,
      problem,
      state: problem === undefined ? "requested" : "invalid",
      approval: undefined,
      startedAt: undefined,
      progress: undefined,
      output: [],
      end: undefined,
      result: undefined,
    };
    const calls = this.callsCopy();
    calls.set(id, call);
    this.answer(data, (answer) => ({
      ...answer,
      writing: undefined,
      calls: [...answer.calls.filter((other) => other !== id), id].sort(
        (a, b) => (calls.get(a)?.offset ?? 0) - (calls.get(b)?.offset ?? 0),
      ),
    }));
  }

  private answer(data: EventData, change: (answer: Answer) => Answer): void {
    const id = text(data, "message");
    const message = id === undefined ? undefined : (this.messages ?? this.before.messages).get(id);
    if (id !== undefined && message?.kind === "answer") {
      const changed = change(message);
      if (changed !== message) {
        this.messagesCopy().set(id, changed);
      }
    }
  }

  private call(data: EventData, change: (call: Call) => Call): void {
    const id = text(data, "call");
    const call = id === undefined ? undefined : (this.calls ?? this.before.calls).get(id);
    if (id !== undefined && call) {
      const changed = change(call);
      if (changed !== call) {
        this.callsCopy().set(id, changed);
      }
    }
  }

  private message(message: Message): void {
    const messages = this.messagesCopy();
    if (!messages.has(message.id)) {
      this.itemsCopy().push({ kind: message.kind, id: message.id });
    }
    messages.set(message.id, message);
  }

  private currentEarly(): ReadonlyMap<number, StoredEvent> {
    return this.early ?? this.before.early;
  }

  private earlyCopy(): Map<number, StoredEvent> {
    return (this.early ??= new Map(this.before.early));
  }

  private itemsCopy(): Item[] {
    return (this.items ??= [...this.before.items]);
  }

  private messagesCopy(): Map<string, Message> {
    return (this.messages ??= new Map(this.before.messages));
  }

  private callsCopy(): Map<string, Call> {
    return (this.calls ??= new Map(this.before.calls));
  }
}

function withPiece(answer: Answer, data: EventData): Answer {
  const channel = text(data, "channel") === "reasoning" ? "reasoning" : "answer";
  const merged = mergePiece(answer[channel], { offset: number(data, "offset") ?? -1, text: text(data, "text") ?? "" });
  return merged === answer[channel] ? answer : { ...answer, retry: undefined, [channel]: merged };
}

function withOutput(call: Call, data: EventData, stored: boolean): Call {
  const stream: StreamName = text(data, "stream") === "stderr" ? "stderr" : "stdout";
  const offset = number(data, "offset");
  const said = text(data, "text") ?? "";
  if (offset === undefined || offset < 0) {
    return call;
  }
  const output = stored
    ? addStored(call.output, stream, offset, number(data, "bytes") ?? 0, said)
    : addTransient(call.output, stream, offset, said);
  return output === call.output ? call : { ...call, progress: undefined, output };
}

function decided(call: Call, data: EventData): Call {
  const allow = text(data, "decision") === "allow";
  return {
    ...call,
    state: isFinal(call.state) ? call.state : allow ? "working" : "denied",
    approval: {
      id: text(data, "approval") ?? "",
      reasons: call.approval?.reasons ?? [],
      decision: {
        allow,
        scope: text(data, "scope") ?? "once",
        by: text(data, "by") ?? "user",
        reason: text(data, "reason"),
      },
    },
  };
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
    progress: undefined,
    end: {
      exit: number(data, "exit"),
      message: text(data, "message"),
      durationMillis: number(data, "durationMillis"),
      sandbox: text(data, "sandbox"),
    },
  };
}

/** The arguments are an object; as text they are parsed, and shown as they are if they are neither. */
function argumentsOf(value: unknown): unknown {
  if (typeof value === "string") {
    try {
      const parsed: unknown = JSON.parse(value);
      return isRecord(parsed) ? parsed : value;
    } catch {
      return value;
    }
  }
  return value ?? {};
}
