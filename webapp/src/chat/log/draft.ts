import type { EventData } from "../../api/types";
import { text } from "../fields";
import type { Answer, Call, Item, Message, Spent, Turn, TurnEnd, View } from "../view";

/** What does one type of event to a view. Transient events have no time and no number. */
export type Handler = (draft: Draft, data: EventData, at: string, seq: number) => void;

/** A view while events are applied to it; what it holds is copied once, when it is changed first. */
export class Draft {
  /** The number of the event that is applied. */
  seq = 0;
  private touched = false;
  private items: Item[] | undefined;
  private messages: Map<string, Message> | undefined;
  private calls: Map<string, Call> | undefined;
  private ends: Map<string, TurnEnd> | undefined;
  private turn: Turn | undefined;
  private spent: Spent;
  private permissions: number;

  constructor(private readonly before: View) {
    this.turn = before.turn;
    this.spent = before.spent;
    this.permissions = before.permissions;
  }

  done(): View {
    const { before } = this;
    return this.touched
      ? {
          ...before,
          items: this.items ?? before.items,
          messages: this.messages ?? before.messages,
          calls: this.calls ?? before.calls,
          ends: this.ends ?? before.ends,
          turn: this.turn,
          spent: this.spent,
          permissions: this.permissions,
        }
      : before;
  }

  /** Adds a message at the end of the column; one that is there already is replaced in its place. */
  put(message: Message): void {
    const messages = this.messagesCopy();
    if (!messages.has(message.id)) {
      this.push(message.kind, message.id);
    }
    messages.set(message.id, message);
  }

  private push(kind: Item["kind"], id: string): void {
    this.touched = true;
    (this.items ??= [...this.before.items]).push({ kind, id, seq: this.seq });
  }

  drop(id: string | undefined): void {
    this.touched = true;
    this.items = (this.items ?? this.before.items).filter((item) => item.id !== id);
  }

  message(id: string | undefined): Message | undefined {
    return id === undefined ? undefined : (this.messages ?? this.before.messages).get(id);
  }

  callOf(id: string | undefined): Call | undefined {
    return id === undefined ? undefined : (this.calls ?? this.before.calls).get(id);
  }

  /** Changes the answer that an event is about. */
  answer(data: EventData, change: (answer: Answer) => Answer): void {
    const message = this.message(text(data, "message"));
    if (message?.kind === "answer") {
      const changed = change(message);
      if (changed !== message) {
        this.messagesCopy().set(message.id, changed);
      }
    }
  }

  /** Changes the call that an event is about. */
  call(data: EventData, change: (call: Call) => Call): void {
    const call = this.callOf(text(data, "call"));
    if (call) {
      const changed = change(call);
      if (changed !== call) {
        this.putCall(changed);
      }
    }
  }

  putCall(call: Call): void {
    this.touched = true;
    (this.calls ??= new Map(this.before.calls)).set(call.id, call);
  }

  begin(turn: Turn): void {
    this.touched = true;
    this.turn = turn;
  }

  end(end: TurnEnd): void {
    this.touched = true;
    this.turn = undefined;
    const known = (this.ends ?? this.before.ends).has(end.id);
    if (end.reason !== "done" && !known) {
      this.push("end", end.id);
    }
    (this.ends ??= new Map(this.before.ends)).set(end.id, end);
  }

  spend(change: (spent: Spent) => Spent): void {
    this.touched = true;
    this.spent = change(this.spent);
  }

  permitted(seq: number): void {
    this.touched = true;
    this.permissions = seq;
  }

  private messagesCopy(): Map<string, Message> {
    this.touched = true;
    return (this.messages ??= new Map(this.before.messages));
  }
}
