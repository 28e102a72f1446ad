import { isStored, type LogEvent, type StoredEvent } from "../api/types";
import { ANSWERS } from "./log/answers";
import { CALLS } from "./log/calls";
import { Draft, type Handler } from "./log/draft";
import { MESSAGES } from "./log/messages";
import type { View } from "./view";

/** What each type of event does; types that this page does not know are none of its business. */
const HANDLERS: ReadonlyMap<string, Handler> = new Map(Object.entries({ ...MESSAGES, ...ANSWERS, ...CALLS }));

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
  const order = new Order(view, draft);
  for (const event of events) {
    if (isStored(event)) {
      order.take(event);
    } else {
      HANDLERS.get(event.type)?.(draft, event.data, "", 0);
    }
  }
  return order.done(draft.done());
}

/** Puts stored events in order: what comes too early waits, what comes again is dropped. */
class Order {
  private seq: number;
  private early: Map<number, StoredEvent> | undefined;

  constructor(
    private readonly before: View,
    private readonly draft: Draft,
  ) {
    this.seq = before.seq;
  }

  take(event: StoredEvent): void {
    if (event.seq <= this.seq || this.waiting().has(event.seq)) {
      return;
    }
    if (event.seq > this.seq + 1) {
      this.copy().set(event.seq, event);
      return;
    }
    this.next(event);
    for (let early = this.waiting().get(this.seq + 1); early; early = this.waiting().get(this.seq + 1)) {
      this.copy().delete(early.seq);
      this.next(early);
    }
  }

  done(view: View): View {
    return this.seq === this.before.seq && this.early === undefined
      ? view
      : { ...view, seq: this.seq, early: this.early ?? this.before.early };
  }

  private next(event: StoredEvent): void {
    this.seq = event.seq;
    this.draft.seq = event.seq;
    HANDLERS.get(event.type)?.(this.draft, event.data, event.at, event.seq);
  }

  private waiting(): ReadonlyMap<number, StoredEvent> {
    return this.early ?? this.before.early;
  }

  private copy(): Map<number, StoredEvent> {
    return (this.early ??= new Map(this.before.early));
  }
}
