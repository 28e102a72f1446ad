import type { StoredEvent } from "../api/types";
import type { Output } from "./output";
import type { Stretch } from "./stretch";

/** What the page shows of a conversation: nothing but a view of its event log. */
export interface View {
  /** The last event that was applied. */
  readonly seq: number;
  /** Events that came before their turn. */
  readonly early: ReadonlyMap<number, StoredEvent>;
  readonly items: readonly Item[];
  readonly messages: ReadonlyMap<string, Message>;
  readonly calls: ReadonlyMap<string, Call>;
  readonly ends: ReadonlyMap<string, TurnEnd>;
  /** The turn that is under way. */
  readonly turn: Turn | undefined;
}

/** What stands in the column, in order. */
export interface Item {
  readonly kind: "user" | "answer" | "notice" | "end";
  readonly id: string;
}

export type Message = UserMessage | Notice | Answer;

export interface UserMessage {
  readonly kind: "user";
  readonly id: string;
  readonly at: string;
  readonly text: string;
}

export interface Notice {
  readonly kind: "notice";
  readonly id: string;
  readonly text: string;
}

export interface Answer {
  readonly kind: "answer";
  readonly id: string;
  readonly turn: string;
  readonly model: string;
  readonly step: number;
  readonly at: string;
  readonly answer: Stretch;
  readonly reasoning: Stretch;
  /** In the order of their places in the text. */
  readonly calls: readonly string[];
  /** A call that the model is writing. */
  readonly writing: string | undefined;
  readonly retry: Retry | undefined;
  readonly end: AnswerEnd | undefined;
}

export interface Retry {
  readonly attempt: number;
  readonly waitMillis: number;
  readonly reason: string;
}

export interface AnswerEnd {
  readonly reason: string;
  readonly detail: string | undefined;
  readonly error: Trouble | undefined;
  readonly usage: Usage | undefined;
}

export interface Trouble {
  readonly message: string;
  readonly remedy: string | undefined;
}

export interface Usage {
  readonly input: number;
  readonly output: number;
  readonly estimated: boolean;
}

/** How a call stands; the names of the log, and `requested` before anything is known. */
export type CallState =
  | "requested"
  | "input_required"
  | "working"
  | "completed"
  | "failed"
  | "cancelled"
  | "denied"
  | "invalid"
  | "interrupted"
  | "unknown";

export interface Call {
  readonly id: string;
  readonly message: string;
  readonly ref: string;
  readonly task: string;
  readonly title: string | undefined;
  readonly action: string | undefined;
  readonly version: string | undefined;
  readonly effects: string | undefined;
  readonly arguments: unknown;
  readonly raw: string;
  /** Where it stands in the answer's text. */
  readonly offset: number;
  readonly problem: string | undefined;
  readonly state: CallState;
  readonly approval: Approval | undefined;
  readonly startedAt: string | undefined;
  readonly progress: string | undefined;
  readonly output: Output;
  readonly end: CallEnd | undefined;
  readonly result: Result | undefined;
}

export interface Approval {
  readonly id: string;
  readonly reasons: readonly string[];
  readonly decision: Decided | undefined;
}

export interface Decided {
  readonly allow: boolean;
  readonly scope: string;
  readonly by: string;
  readonly reason: string | undefined;
}

export interface CallEnd {
  readonly exit: number | undefined;
  readonly message: string | undefined;
  readonly durationMillis: number | undefined;
  readonly sandbox: string | undefined;
}

/** What the model was told of the call. */
export interface Result {
  readonly text: string;
  readonly bytes: number;
  readonly note: string | undefined;
}

export interface Turn {
  readonly id: string;
  readonly at: string;
}

export interface TurnEnd {
  readonly id: string;
  readonly reason: string;
  readonly detail: string | undefined;
  readonly canContinue: boolean;
}

export const NOTHING: View = {
  seq: 0,
  early: new Map(),
  items: [],
  messages: new Map(),
  calls: new Map(),
  ends: new Map(),
  turn: undefined,
};

export function isFinal(state: CallState): boolean {
  return state !== "requested" && state !== "input_required" && state !== "working";
}
