import { memo, type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { Fork } from "../library/family";
import type { Conversation } from "../state/conversation";
import { AnswerView } from "./AnswerView";
import { CallCard } from "./CallCard";
import { ImportedMessage, LateNote, Notice, RevertedNote, ShortenedNote, SummarisedNote, TurnEndBanner } from "./Notes";
import { UserMessageView } from "./UserMessageView";
import type { Call, Item, View } from "./view";

/** So far outside of what is seen it is made already. */
const AHEAD = "1600px 0px";
/** Guesses until a block was measured. */
const GUESS: Readonly<Partial<Record<Item["kind"], number>>> = { user: 90, answer: 220 };
const OTHER = 60;

interface Props {
  readonly conversation: Conversation;
  readonly view: View;
  readonly items: readonly Item[];
  /** Other versions, by the message of the user that they begin at. */
  readonly forks: ReadonlyMap<string, Fork>;
  /** The entry that somebody looks for. */
  readonly sought: string | undefined;
  readonly before: Item | undefined;
  readonly next: Item | undefined;
  /** Whether it stays in the page, wherever it is. */
  readonly kept: boolean;
}

/** A stretch of a conversation. Far from what is seen it is an empty place of the same height. */
export const Block = memo(
  function Block({ conversation, view, items, forks, sought, before, next, kept }: Props) {
    const place = useRef<HTMLDivElement>(null);
    const height = useRef(0);
    const [near, setNear] = useState(kept);
    const made = kept || near;

    useEffect(() => {
      const element = place.current;
      if (!element) {
        return;
      }
      const observer = new IntersectionObserver(([entry]) => setNear(entry?.isIntersecting === true), {
        root: element.closest(".scroller"),
        rootMargin: AHEAD,
      });
      observer.observe(element);
      return () => observer.disconnect();
    }, []);

    useLayoutEffect(() => {
      if (made && place.current) {
        const measured = new ResizeObserver(([entry]) => {
          height.current = entry?.contentRect.height ?? height.current;
        });
        measured.observe(place.current);
        return () => measured.disconnect();
      }
      return undefined;
    }, [made]);

    return made ? (
      <div ref={place} className="block">
        {items.map((item, index) => (
          <div key={item.id} className={item.id === sought ? "entry sought" : "entry"} data-item={item.id}>
            <Entry
              conversation={conversation}
              view={view}
              forks={forks}
              item={item}
              before={items[index - 1] ?? before}
              next={items[index + 1] ?? next}
            />
          </div>
        ))}
      </div>
    ) : (
      <div ref={place} className="block away" style={{ height: height.current || guess(items) }} />
    );
  },
  (one, other) =>
    one.conversation === other.conversation &&
    one.kept === other.kept &&
    one.forks === other.forks &&
    one.sought === other.sought &&
    one.before?.id === other.before?.id &&
    one.next?.id === other.next?.id &&
    (one.next !== undefined || one.view.turn === other.view.turn) &&
    sameItems(one.items, other.items) &&
    one.items.every((item) => sameEntry(item, one.view, other.view)),
);

function guess(items: readonly Item[]): number {
  return items.reduce((sum, item) => sum + (GUESS[item.kind] ?? OTHER), 0);
}

function sameItems(one: readonly Item[], other: readonly Item[]): boolean {
  return one === other || (one.length === other.length && one.every((item, index) => item.id === other[index]?.id));
}

function sameEntry(item: Item, one: View, other: View): boolean {
  if (item.kind === "end") {
    return one.ends.get(item.id) === other.ends.get(item.id);
  }
  const message = one.messages.get(item.id);
  if (message !== other.messages.get(item.id)) {
    return false;
  }
  const calls = message?.kind === "answer" || message?.kind === "user" || message?.kind === "late" ? message.calls : [];
  return one.calls === other.calls || calls.every((call) => one.calls.get(call) === other.calls.get(call));
}

interface EntryProps {
  readonly conversation: Conversation;
  readonly view: View;
  readonly forks: ReadonlyMap<string, Fork>;
  readonly item: Item;
  readonly before: Item | undefined;
  readonly next: Item | undefined;
}

function Entry({ conversation, view, forks, item, before, next }: EntryProps): ReactNode {
  if (item.kind === "end") {
    const end = view.ends.get(item.id);
    return (
      end && (
        <TurnEndBanner
          end={end}
          told={end.reason === "error" && failed(view, before)}
          onContinue={end.canContinue && next === undefined && view.turn === undefined ? conversation.goOnOrReport : undefined}
        />
      )
    );
  }
  const message = view.messages.get(item.id);
  switch (message?.kind) {
    case "user":
      return (
        <>
          <UserMessageView conversation={conversation} message={message} fork={forks.get(item.id)} />
          {callsOf(message.calls, view).map((call) => (
            <CallCard key={call.id} conversation={conversation} call={call} />
          ))}
        </>
      );
    case "answer":
      return (
        <AnswerView
          conversation={conversation}
          answer={message}
          calls={callsOf(message.calls, view)}
          last={next?.kind !== "answer" && (next !== undefined || view.turn === undefined)}
        />
      );
    case "imported":
      return <ImportedMessage message={message} />;
    case "notice":
      return <Notice text={message.text} />;
    case "shortened":
      return <ShortenedNote note={message} />;
    case "summarised":
      return <SummarisedNote note={message} />;
    case "reverted":
      return <RevertedNote conversation={conversation} note={message} />;
    case "late":
      return <LateNote calls={callsOf(message.calls, view)} />;
    case undefined:
      return null;
  }
}

function callsOf(ids: readonly string[], view: View): Call[] {
  return ids.map((id) => view.calls.get(id)).filter((call): call is Call => call !== undefined);
}

/** Whether the answer itself says what went wrong. */
function failed(view: View, item: Item | undefined): boolean {
  const message = item && view.messages.get(item.id);
  return message?.kind === "answer" && message.end?.error !== undefined;
}
