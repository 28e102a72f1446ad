import { Info, RotateCw, TriangleAlert } from "lucide-react";
import { memo } from "react";
import type { Decision, Pending } from "../state/conversation";
import { texts } from "../texts";
import { CopyButton } from "../ui/copy";
import { PlainText } from "../ui/PlainText";
import { AnswerView, Dots } from "./AnswerView";
import type { Call, Item, TurnEnd, View } from "./view";

interface Props {
  readonly view: View;
  readonly pending: readonly Pending[];
  readonly onDecide: (call: string, decision: Decision) => Promise<void>;
  readonly onCancel: (call: string) => void;
  readonly onContinue: () => void;
  readonly onResend: (message: Pending) => void;
}

/** What was said and done, in order. */
export function Timeline({ view, pending, onDecide, onCancel, onContinue, onResend }: Props) {
  const last = view.items.at(-1);
  const waiting = view.turn !== undefined && last !== undefined && last.kind !== "answer";
  return (
    <>
      {view.items.map((item, index) => {
        const next = view.items[index + 1];
        switch (item.kind) {
          case "end": {
            const end = view.ends.get(item.id);
            return (
              end && (
                <TurnEndBanner
                  key={`end-${item.id}`}
                  end={end}
                  told={end.reason === "error" && failed(view, view.items[index - 1])}
                  onContinue={end.canContinue && item === last && view.turn === undefined ? onContinue : undefined}
                />
              )
            );
          }
          case "answer":
            return answer(item, view, next?.kind !== "answer" && (next !== undefined || view.turn === undefined), onDecide, onCancel);
          default:
            return said(item, view);
        }
      })}
      {pending.map((message) => (
        <div key={message.id} className="user">
          <div className={message.error ? "bubble failed" : "bubble pending"} dir="auto">
            {message.text}
          </div>
          {message.error ? (
            <p className="user-note error" role="alert">
              {texts.chat.notSent(message.error.message)}{" "}
              <button type="button" className="text-button" onClick={() => onResend(message)}>
                {texts.chat.sendAgain}
              </button>
            </p>
          ) : (
            <p className="user-note">{texts.chat.sending}</p>
          )}
        </div>
      ))}
      {waiting && <Dots />}
    </>
  );
}

function answer(item: Item, view: View, last: boolean, onDecide: Props["onDecide"], onCancel: Props["onCancel"]) {
  const message = view.messages.get(item.id);
  if (message?.kind !== "answer") {
    return null;
  }
  const calls = message.calls.map((id) => view.calls.get(id)).filter((call): call is Call => call !== undefined);
  return <AnswerView key={item.id} answer={message} calls={calls} last={last} onDecide={onDecide} onCancel={onCancel} />;
}

function said(item: Item, view: View) {
  const message = view.messages.get(item.id);
  switch (message?.kind) {
    case "user":
      return <UserBubble key={item.id} text={message.text} />;
    case "notice":
      return <Notice key={item.id} text={message.text} />;
    default:
      return null;
  }
}

const UserBubble = memo(function UserBubble({ text }: { readonly text: string }) {
  return (
    <div className="user" role="group" aria-label={texts.chat.you}>
      <div className="bubble" dir="auto">
        <PlainText text={text} />
      </div>
      <div className="user-tools">
        <CopyButton label={texts.chat.copyMessage} text={() => text} />
      </div>
    </div>
  );
});

const Notice = memo(function Notice({ text }: { readonly text: string }) {
  return (
    <p className="notice">
      <Info aria-hidden />
      <span>
        <span className="notice-label">{texts.chat.notice}: </span>
        <PlainText text={text} />
      </span>
    </p>
  );
});

const SERIOUS: ReadonlySet<string> = new Set(["error", "interrupted"]);

/** Whether the answer itself says what went wrong. */
function failed(view: View, item: Item | undefined): boolean {
  const message = item && view.messages.get(item.id);
  return message?.kind === "answer" && message.end?.error !== undefined;
}

interface EndProps {
  readonly end: TurnEnd;
  /** Whether the reason stands above already, so that only the way on is left to show. */
  readonly told: boolean;
  readonly onContinue: (() => void) | undefined;
}

const TurnEndBanner = memo(function TurnEndBanner({ end, told, onContinue }: EndProps) {
  const said: Readonly<Record<string, string>> = texts.turnEnd;
  const button = onContinue && (
    <button type="button" className="button" onClick={onContinue}>
      <RotateCw aria-hidden />
      {texts.turnEnd.continue}
    </button>
  );
  if (told) {
    return button === undefined ? null : <div>{button}</div>;
  }
  return (
    <div className={SERIOUS.has(end.reason) ? "banner warning" : "banner"} role="status">
      {SERIOUS.has(end.reason) ? <TriangleAlert aria-hidden /> : <Info aria-hidden />}
      <div>
        <p>{said[end.reason] ?? texts.turnEnd.other}</p>
        {end.detail !== undefined && (
          <p className="banner-remedy">
            <PlainText text={end.detail} />
          </p>
        )}
      </div>
      {button}
    </div>
  );
});
