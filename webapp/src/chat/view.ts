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
  readonly spent: Spent;
  /** The last event that changed what is granted or who is asked. */
  readonly permissions: number;
}

/** What stands in the column, in order. */
export interface Item {
  readonly kind: Message["kind"] | "end";
  readonly id: string;
  /** The number of the event that began it. */
  readonly seq: number;
}

export type Message = UserMessage | Imported | Notice | Answer | Shortened | Summarised | Reverted | Late;

export interface UserMessage {
  readonly kind: "user";
  readonly id: string;
  /** The number of its event. */
  readonly seq: number;
  readonly at: string;
  readonly text: string;
  readonly attachments: readonly Artifact[];
  /** Calls that the user wrote in it. */
  readonly calls: readonly string[];
}

/** Something that was said elsewhere, before this conversation began. */
export interface Imported {
  readonly kind: "imported";
  readonly id: string;
  readonly role: "system" | "user" | "assistant";
  readonly text: string;
}

export interface Notice {
  readonly kind: "notice";
  readonly id: string;
  readonly text: string;
}

/** Old outputs were shortened for the model. */
export interface Shortened {
  readonly kind: "shortened";
  readonly id: string;
  readonly calls: readonly string[];
  readonly tokens: number | undefined;
  readonly room: number | undefined;
}

/** The model is told a summary instead of the first messages. */
export interface Summarised {
  readonly kind: "summarised";
  readonly id: string;
  readonly messages: number;
  readonly text: string;
}

/** The user brought files back. */
export interface Reverted {
  readonly kind: "reverted";
  readonly id: string;
  /** The call whose changes were taken back, or an earlier revert. */
  readonly call: string;
  readonly files: readonly string[];
}

/** Real results of calls that went on in the background. */
export interface Late {
  readonly kind: "late";
  readonly id: string;
  readonly calls: readonly string[];
}

/** What the whole conversation took so far. */
export interface Spent {
  readonly input: number;
  readonly output: number;
  readonly estimated: boolean;
  /** US dollars; undefined where no price is known. */
  readonly cost: number | undefined;
  readonly calls: number;
}

/** A file that a call left, or that the user sent. */
export interface Artifact {
  readonly id: string;
  readonly name: string;
  readonly mediaType: string;
  readonly size: number;
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
  readonly durationMillis: number | undefined;
}

export interface Trouble {
  /** What kind of failure it is, as the server names it. */
  readonly kind: string | undefined;
  readonly message: string;
  readonly remedy: string | undefined;
}

export interface Usage {
  readonly input: number;
  readonly output: number;
  readonly estimated: boolean;
  readonly cost: number | undefined;
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
  | "elsewhere"
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
  readonly contentHash: string | undefined;
  /** Whether its action did not come with RunGPT. */
  readonly thirdParty: boolean;
  /** Who wrote it. */
  readonly by: "model" | "user";
  /** What runs: as the user changed it, if so. */
  readonly arguments: unknown;
  /** Whether the user changed what the model asked for. */
  readonly edited: boolean;
  readonly raw: string;
  /** Where it stands in the answer's text. */
  readonly offset: number;
  readonly problem: string | undefined;
  /** The number of the event that made it. */
  readonly seq: number;
  readonly state: CallState;
  readonly approval: Approval | undefined;
  readonly startedAt: string | undefined;
  /** Whether the model has gone on without waiting for it. */
  readonly background: boolean;
  /** What happens before it says anything, or between: the last steps of it, the newest last. */
  readonly progress: readonly string[];
  readonly output: Output;
  readonly artifacts: readonly Artifact[];
  readonly connections: readonly HostConnection[];
  readonly end: CallEnd | undefined;
  readonly result: Result | undefined;
}

export interface Approval {
  readonly id: string;
  readonly reasons: readonly string[];
  /** How far it may go; all of them if nothing is said. */
  readonly scopes: readonly string[];
  readonly needs: Needs | undefined;
  /** What entered the conversation from outside. */
  readonly untrusted: readonly string[];
  readonly decision: Decided | undefined;
}

/** What a call asks for and does not have. */
export interface Needs {
  /** Which of the approval's reasons say only this. */
  readonly reasons: readonly string[];
  readonly network: readonly string[];
  readonly shares: readonly { readonly name: string; readonly writable: boolean; readonly why: string | undefined }[];
  readonly secrets: readonly NeededSecret[];
  readonly workspace: boolean;
  readonly sidecars: readonly string[];
}

export interface NeededSecret {
  readonly name: string;
  readonly env: string;
  readonly hosts: readonly string[];
  readonly set: boolean;
  readonly help: string | undefined;
}

/** A place in the network that a call reached, or was refused. */
export interface HostConnection {
  readonly host: string;
  readonly port: number;
  readonly allowed: boolean;
  readonly reason: string | undefined;
  readonly sent: number;
  readonly received: number;
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
  /** Whether it was told to stop and ends soon. */
  readonly stopping: boolean;
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
  spent: { input: 0, output: 0, estimated: false, cost: undefined, calls: 0 },
  permissions: 0,
};

export function isFinal(state: CallState): boolean {
  return state !== "requested" && state !== "input_required" && state !== "working";
}
