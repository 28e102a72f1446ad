import { type KeyboardEvent, type RefObject, useId, useLayoutEffect, useMemo, useRef, useState } from "react";
import { actions } from "../state/app";
import { useStore } from "../state/store";
import { type Completion, type Suggestions, suggest } from "./complete";

interface Completing {
  readonly id: string;
  readonly open: boolean;
  readonly suggestions: Suggestions;
  readonly at: number;
  readonly choose: (completion: Completion) => void;
  /** Where the cursor is now. */
  readonly moved: () => void;
  /** Whether the key was meant for the list. */
  readonly key: (event: KeyboardEvent) => boolean;
}

/** Completes what is written in the composer. */
export function useSuggestions(field: RefObject<HTMLTextAreaElement | null>, text: string, change: (text: string) => void): Completing {
  const id = useId();
  const { data } = useStore(actions);
  const [cursor, setCursor] = useState(0);
  const [at, setAt] = useState(0);
  const [dismissed, setDismissed] = useState<string>();
  /** Where the cursor is to be behind what was chosen. */
  const chosen = useRef<number>(undefined);
  const suggestions = useMemo(() => suggest(text, Math.min(cursor, text.length), data?.actions ?? []), [text, cursor, data]);
  const { list, from } = suggestions;
  const written = text.slice(from, cursor);
  const done = list.length === 1 && list[0]?.insert.trim() === written.trim();
  const open = list.length > 0 && dismissed !== text && !done;

  const choose = (completion: Completion) => {
    const next = text.slice(0, from) + completion.insert + text.slice(cursor);
    const place = from + completion.insert.length;
    change(next);
    setCursor(place);
    setAt(0);
    chosen.current = place;
  };
  // Before the next key comes: whoever types on at once would find the cursor set back.
  useLayoutEffect(() => {
    const place = chosen.current;
    if (place !== undefined) {
      chosen.current = undefined;
      field.current?.focus();
      field.current?.setSelectionRange(place, place);
    }
  }, [field, text, cursor]);
  const key = (event: KeyboardEvent) => {
    if (!open) {
      return false;
    }
    const marked = list[Math.min(at, list.length - 1)];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      setAt((Math.min(at, list.length - 1) + step + list.length) % list.length);
    } else if (event.key === "Escape") {
      setDismissed(text);
    } else if (marked && (event.key === "Tab" || (event.key === "Enter" && !event.shiftKey && suggestions.task === undefined))) {
      choose(marked);
    } else {
      return false;
    }
    event.preventDefault();
    return true;
  };
  const moved = () => {
    const now = field.current?.selectionStart ?? 0;
    if (now !== cursor) {
      setCursor(now);
      setAt(0);
    }
  };
  return { id, open, suggestions, at: Math.min(at, Math.max(0, list.length - 1)), choose, moved, key };
}
