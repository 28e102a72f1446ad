import { Brain, ChevronDown, LoaderCircle, ReceiptText, TriangleAlert } from "lucide-react";
import { memo, type ReactNode, useId, useState } from "react";
import { Markdown } from "../markdown/Markdown";
import { router } from "../state/app";
import type { Conversation } from "../state/conversation";
import { texts } from "../texts";
import { CopyButton } from "../ui/copy";
import { PlainText } from "../ui/PlainText";
import { CallCard } from "./CallCard";
import { dollars, ReceiptDialog } from "./ReceiptDialog";
import type { Answer, Call } from "./view";

interface Props {
  readonly conversation: Conversation;
  readonly answer: Answer;
  /** The calls of this answer, in the order of their places in it. */
  readonly calls: readonly Call[];
  /** Whether it is the last of its turn and the turn is over, so that it is worth a line of buttons. */
  readonly last: boolean;
}

/** One answer of the model: its thoughts, its text, and its calls where it made them. */
export const AnswerView = memo(
  function AnswerView({ conversation, answer, calls, last }: Props) {
    const running = answer.end === undefined;
    const text = answer.answer.text;
    const empty = text === "" && calls.length === 0 && answer.writing === undefined;
    const parts: ReactNode[] = [];
    let from = 0;
    for (const call of calls) {
      const to = Math.min(Math.max(call.offset, from), text.length);
      if (text.slice(from, to).trim() !== "") {
        parts.push(<Markdown key={`text-${from}`} text={text.slice(from, to)} />);
      }
      parts.push(<CallCard key={call.id} conversation={conversation} call={call} />);
      from = to;
    }
    if (text.slice(from).trim() !== "") {
      parts.push(<Markdown key={`text-${from}`} text={text.slice(from)} growing={running && answer.writing === undefined} />);
    }
    return (
      <div className="answer" role="group" aria-label={texts.chat.answer} aria-busy={running}>
        {answer.reasoning.text.trim() !== "" && <Reasoning text={answer.reasoning.text} running={running && empty} />}
        {parts}
        {running && answer.writing !== undefined && <Busy text={texts.chat.writing(answer.writing)} />}
        {running && answer.retry && <Busy text={texts.chat.retrying(answer.retry.attempt, answer.retry.reason)} />}
        {running && empty && !answer.retry && answer.reasoning.text === "" && <Dots />}
        <Trouble answer={answer} />
        {last && text.trim() !== "" && <Foot conversation={conversation} answer={answer} />}
      </div>
    );
  },
  (before, after) =>
    before.answer === after.answer &&
    before.last === after.last &&
    before.conversation === after.conversation &&
    before.calls.length === after.calls.length &&
    before.calls.every((call, index) => call === after.calls[index]),
);

function Reasoning({ text, running }: { readonly text: string; readonly running: boolean }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  return (
    <div className={open ? "reasoning open" : "reasoning"}>
      <button type="button" className="disclosure" aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
        <Brain aria-hidden className={running ? "pulse" : undefined} />
        {running ? texts.chat.thinking : texts.chat.thought}
        <ChevronDown aria-hidden className="chevron" />
      </button>
      {open && (
        <div id={id} className="reasoning-text">
          <PlainText text={text.trim()} />
        </div>
      )}
    </div>
  );
}

function Busy({ text }: { readonly text: string }) {
  return (
    <p className="busy" role="status">
      <LoaderCircle aria-hidden className="spin" />
      <PlainText text={text} />
    </p>
  );
}

export function Dots() {
  return (
    <p className="dots" role="status" aria-label={texts.chat.thinking}>
      <span />
      <span />
      <span />
    </p>
  );
}

/** Failures whose remedy is a setting of the connection. */
const OF_THE_CONNECTION: ReadonlySet<string> = new Set(["authentication", "not_found", "unreachable"]);

function Trouble({ answer }: { readonly answer: Answer }) {
  const { end } = answer;
  if (!end) {
    return null;
  }
  if (end.error) {
    return (
      <div className="banner error" role="alert">
        <TriangleAlert aria-hidden />
        <div>
          <p>
            <PlainText text={end.error.message || texts.answerEnd.error} />
          </p>
          {end.error.remedy !== undefined && (
            <p className="banner-remedy">
              <PlainText text={end.error.remedy} />
            </p>
          )}
        </div>
        {end.error.kind !== undefined && OF_THE_CONNECTION.has(end.error.kind) && (
          <button type="button" className="button" onClick={() => router.go({ settings: "connections" })}>
            {texts.answerEnd.connections}
          </button>
        )}
      </div>
    );
  }
  const said: Readonly<Record<string, string>> = texts.answerEnd;
  const note = end.reason === "error" ? texts.answerEnd.error : said[end.reason];
  return note === undefined ? null : <p className="answer-note">{note}</p>;
}

function Foot({ conversation, answer }: { readonly conversation: Conversation; readonly answer: Answer }) {
  const [receipt, setReceipt] = useState(false);
  const usage = answer.end?.usage;
  return (
    <div className="answer-foot">
      <CopyButton label={texts.chat.copyAnswer} text={() => answer.answer.text.trim()} />
      <button type="button" className="icon-button small" aria-label={texts.receipt.open} title={texts.receipt.open} onClick={() => setReceipt(true)}>
        <ReceiptText aria-hidden />
      </button>
      <span className="answer-facts">
        <PlainText text={answer.model} />
        {usage && ` · ${texts.chat.tokens(usage.input, usage.output, usage.estimated)}`}
        {usage?.cost !== undefined && ` · ${dollars(usage.cost)}`}
      </span>
      {receipt && (
        <ReceiptDialog
          conversation={conversation.id}
          message={answer.id}
          spent={conversation.get().view.spent}
          onClose={() => setReceipt(false)}
        />
      )}
    </div>
  );
}
