import { ArrowUp, ShieldQuestion, Square } from "lucide-react";
import { type KeyboardEvent, type RefObject, useEffect, useLayoutEffect, useState } from "react";
import { draft, setDraft } from "../state/app";
import { texts } from "../texts";

interface Props {
  /** Whose draft it holds; undefined for a new conversation. */
  readonly conversation: string | undefined;
  readonly field: RefObject<HTMLTextAreaElement | null>;
  readonly running: boolean;
  /** Whether a call waits for approval, out of sight perhaps. */
  readonly waiting: boolean;
  readonly onSend: (text: string) => void;
  readonly onStop: () => void;
  readonly onReview: () => void;
}

const touch = typeof matchMedia === "function" && matchMedia("(pointer: coarse)").matches;

/** Where the user writes. */
export function Composer({ conversation, field, running, waiting, onSend, onStop, onReview }: Props) {
  const [text, setText] = useState(() => draft(conversation));

  useEffect(() => {
    if (!touch) {
      field.current?.focus({ preventScroll: true });
    }
  }, [field]);

  useLayoutEffect(() => {
    const element = field.current;
    if (element && !CSS.supports("field-sizing", "content")) {
      element.style.height = "auto";
      element.style.height = `${element.scrollHeight}px`;
    }
  }, [text, field]);

  const change = (next: string) => {
    setText(next);
    setDraft(conversation, next);
  };

  const send = () => {
    if (text.trim() !== "") {
      onSend(text.trim());
      change("");
    }
  };

  const onKey = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) {
      return;
    }
    if (event.key === "Enter" && !event.shiftKey && !touch) {
      event.preventDefault();
      if (!event.repeat) {
        send();
      }
    } else if (event.key === "Escape" && running) {
      event.preventDefault();
      onStop();
    }
  };

  return (
    <div className="composer-area">
      {waiting && (
        <button type="button" className="waiting-bar" onClick={onReview}>
          <ShieldQuestion aria-hidden />
          <span>{texts.composer.waiting}</span>
          <strong>{texts.composer.review}</strong>
        </button>
      )}
      <form
        className="composer"
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <textarea
          ref={field}
          rows={1}
          dir="auto"
          value={text}
          aria-label={texts.composer.label}
          placeholder={running ? texts.composer.running : texts.composer.placeholder}
          maxLength={200_000}
          onChange={(event) => change(event.target.value)}
          onKeyDown={onKey}
        />
        {running && text.trim() === "" ? (
          <button type="button" className="round-button stop" aria-label={texts.composer.stop} title={`${texts.composer.stop} (Esc)`} onClick={onStop}>
            <Square aria-hidden />
          </button>
        ) : (
          <button type="submit" className="round-button" aria-label={texts.composer.send} title={texts.composer.hint} disabled={text.trim() === ""}>
            <ArrowUp aria-hidden />
          </button>
        )}
      </form>
    </div>
  );
}
