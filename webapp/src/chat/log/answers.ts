import type { EventData } from "../../api/types";
import { flag, number, record, text } from "../fields";
import { EMPTY, mergePiece } from "../stretch";
import type { Answer, Usage } from "../view";
import type { Draft, Handler } from "./draft";

/** What the model says. */
export const ANSWERS: Readonly<Record<string, Handler>> = {
  "message.started": (draft, data, at) => {
    const id = text(data, "message");
    if (id !== undefined) {
      draft.put(begun(id, data, at));
    }
  },
  "message.retrying": (draft, data) =>
    draft.answer(data, (answer) => ({
      ...answer,
      retry: {
        attempt: number(data, "attempt") ?? 1,
        waitMillis: number(data, "waitMillis") ?? 0,
        reason: text(data, "reason") ?? "",
      },
    })),
  "message.delta": (draft, data) => draft.answer(data, (answer) => (answer.end ? answer : withPiece(answer, data))),
  "message.text": (draft, data) => draft.answer(data, (answer) => withPiece(answer, data)),
  "message.finished": finished,
};

function begun(id: string, data: EventData, at: string): Answer {
  return {
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
}

function withPiece(answer: Answer, data: EventData): Answer {
  const channel = text(data, "channel") === "reasoning" ? "reasoning" : "answer";
  const merged = mergePiece(answer[channel], { offset: number(data, "offset") ?? -1, text: text(data, "text") ?? "" });
  return merged === answer[channel] ? answer : { ...answer, retry: undefined, [channel]: merged };
}

function finished(draft: Draft, data: EventData): void {
  const reason = text(data, "reason") ?? "stop";
  const error = record(data, "error");
  const usage = usageOf(record(data, "usage"));
  draft.answer(data, (answer) => ({
    ...answer,
    writing: undefined,
    retry: undefined,
    end: {
      reason,
      detail: text(data, "detail"),
      error: error && { kind: text(error, "kind"), message: text(error, "message") ?? "", remedy: text(error, "remedy") },
      usage,
      durationMillis: number(data, "durationMillis"),
    },
  }));
  if (usage) {
    spend(draft, usage);
  }
  if (reason === "superseded") {
    draft.drop(text(data, "message"));
  }
}

export function usageOf(usage: EventData | undefined): Usage | undefined {
  return (
    usage && {
      input: number(usage, "input") ?? 0,
      output: number(usage, "output") ?? 0,
      estimated: flag(usage, "estimated"),
      cost: number(usage, "cost"),
    }
  );
}

export function spend(draft: Draft, usage: Usage): void {
  draft.spend((spent) => ({
    ...spent,
    input: spent.input + usage.input,
    output: spent.output + usage.output,
    estimated: spent.estimated || usage.estimated,
    cost: usage.cost === undefined ? spent.cost : (spent.cost ?? 0) + usage.cost,
  }));
}
