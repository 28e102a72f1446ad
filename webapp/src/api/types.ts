import type { components } from "./schema";

type Schemas = components["schemas"];

export type ActionInfo = Schemas["Action"];
export type Connection = Schemas["Connection"];
export type ConversationInfo = Schemas["Conversation"];
export type ModelInfo = Schemas["Model"];
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
