import { ChevronDown, Import, Info, type LucideIcon, RotateCw, Scissors, Timer, TriangleAlert, Undo2 } from "lucide-react";
import { memo, type ReactNode, useId, useState } from "react";
import { Markdown } from "../markdown/Markdown";
import type { Conversation } from "../state/conversation";
import { texts } from "../texts";
import { PlainText } from "../ui/PlainText";
import { RevertButton } from "./Changes";
import type { Call, Imported, Reverted, Shortened, Summarised, TurnEnd } from "./view";

/** What RunGPT told the model. */
export const Notice = memo(function Notice({ text }: { readonly text: string }) {
  return (
    <Note icon={Info}>
      <span className="notice-label">{texts.chat.notice}: </span>
      <PlainText text={text} />
    </Note>
  );
});

/** Old outputs that the model sees only in part. */
export const ShortenedNote = memo(function ShortenedNote({ note }: { readonly note: Shortened }) {
  return <Note icon={Scissors}>{texts.context.shortened(note.calls.length, note.tokens, note.room)}</Note>;
});

/** What the model is told instead of the first messages. */
export const SummarisedNote = memo(function SummarisedNote({ note }: { readonly note: Summarised }) {
  return (
    <Folded icon={Scissors} title={texts.context.summarised(note.messages)}>
      <Markdown text={note.text} />
    </Folded>
  );
});

/** Changes that the user took back, which can be undone in turn. */
export const RevertedNote = memo(function RevertedNote({ conversation, note }: { readonly conversation: Conversation; readonly note: Reverted }) {
  return (
    <Note icon={Undo2}>
      <PlainText text={texts.changes.wasReverted(note.files)} /> <RevertButton conversation={conversation} call={note.id} label={texts.changes.redo} quiet />
    </Note>
  );
});

/** Calls that went on in the background have ended. */
export const LateNote = memo(
  function LateNote({ calls }: { readonly calls: readonly Call[] }) {
    return (
      <Note icon={Timer}>
        {texts.call.late}{" "}
        {calls.map((call) => (
          <a
            key={call.id}
            href={`#call-${call.id}`}
            onClick={(event) => {
              event.preventDefault();
              document.querySelector(`[data-call="${CSS.escape(call.id)}"]`)?.scrollIntoView({ block: "center" });
            }}
          >
            <code>
              <PlainText text={call.task} />
            </code>
          </a>
        ))}
      </Note>
    );
  },
  (one, other) => one.calls.length === other.calls.length && one.calls.every((call, index) => call === other.calls[index]),
);


/** Something that was said elsewhere, before this conversation began. */
export const ImportedMessage = memo(function ImportedMessage({ message }: { readonly message: Imported }) {
  if (message.role === "system") {
    return (
      <Folded icon={Import} title={texts.chat.importedSystem}>
        <div className="reasoning-text">
          <PlainText text={message.text} />
        </div>
      </Folded>
    );
  }
  return message.role === "user" ? (
    <div className="user" role="group" aria-label={texts.chat.you}>
      <div className="bubble" dir="auto">
        <PlainText text={message.text} />
      </div>
    </div>
  ) : (
    <div className="answer" role="group" aria-label={texts.chat.answer}>
      <Markdown text={message.text} />
    </div>
  );
});

function Note({ icon: Icon, children }: { readonly icon: LucideIcon; readonly children: ReactNode }) {
  return (
    <p className="notice">
      <Icon aria-hidden />
      <span>{children}</span>
    </p>
  );
}

function Folded({ icon: Icon, title, children }: { readonly icon: LucideIcon; readonly title: string; readonly children: ReactNode }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  return (
    <div className="folded">
      <button type="button" className="notice" aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
        <Icon aria-hidden />
        <span>{title}</span>
        <ChevronDown aria-hidden className="chevron" />
      </button>
      {open && (
        <div id={id} className="folded-content">
          {children}
        </div>
      )}
    </div>
  );
}

const SERIOUS: ReadonlySet<string> = new Set(["error", "interrupted"]);

interface EndProps {
  readonly end: TurnEnd;
  /** Whether the reason stands above already, so that only the way on is left to show. */
  readonly told: boolean;
  readonly onContinue: (() => void) | undefined;
}

/** Why a turn ended early, and the way on. */
export const TurnEndBanner = memo(function TurnEndBanner({ end, told, onContinue }: EndProps) {
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
