import type { components, paths } from "./schema";

type Schemas = components["schemas"];

export type Access = Schemas["Access"];
export type ActionInfo = Schemas["Action"];
export type Budgets = Schemas["Budgets"];
export type BudgetsThere = components["responses"]["Budgets"]["content"]["application/json"];
export type Change = Schemas["Change"];
export type Connection = Schemas["Connection"];
export type ConversationInfo = Schemas["Conversation"];
export type Grants = Schemas["Grants"];
export type Hit = paths["/api/search"]["get"]["responses"][200]["content"]["application/json"]["hits"][number];
export type ModelInfo = Schemas["Model"];
export type Probe = Schemas["Probe"];
export type Policy = Schemas["Policy"];
export type Part = Schemas["Part"];

/** A durable event: `seq` is 1, 2, 3 … in each conversation, without gaps. */
export interface StoredEvent {
  readonly seq: number;
  readonly at: string;
  readonly type: string;
  readonly data: EventData;
}

/** An event that is told at once and never stored; a stored one with the same text follows. */
export interface TransientEvent {
  readonly type: string;
  readonly data: EventData;
}

export type LogEvent = StoredEvent | TransientEvent;

/** The fields are told at the event's type; whoever reads them expects nothing of them. */
export type EventData = Readonly<Record<string, unknown>>;

export function isStored(event: LogEvent): event is StoredEvent {
  return "seq" in event;
}
