import {
  Ban,
  Box,
  ChevronDown,
  CircleCheck,
  CircleDashed,
  CircleHelp,
  CircleSlash,
  CircleX,
  LoaderCircle,
  type LucideIcon,
  ShieldQuestion,
  TriangleAlert,
} from "lucide-react";
import { memo, useId, useState } from "react";
import type { Decision } from "../state/conversation";
import { terminalText } from "../text/terminal";
import { texts } from "../texts";
import { CopyButton } from "../ui/copy";
import { PlainText } from "../ui/PlainText";
import { duration, useNow } from "../ui/time";
import { ApprovalCard } from "./ApprovalCard";
import { Arguments, summary } from "./Arguments";
import { Terminal } from "./Terminal";
import { type Call, type CallState, isFinal } from "./view";

const ICONS: Readonly<Record<CallState, LucideIcon>> = {
  requested: CircleDashed,
  input_required: ShieldQuestion,
  working: LoaderCircle,
  completed: CircleCheck,
  failed: CircleX,
  cancelled: CircleSlash,
  denied: Ban,
  invalid: TriangleAlert,
  interrupted: CircleSlash,
  unknown: CircleHelp,
};

interface Props {
  readonly call: Call;
  readonly onDecide: (call: string, decision: Decision) => Promise<void>;
  readonly onCancel: (call: string) => void;
}

/** One call: what was asked for, how it stands, what it says. */
export const CallCard = memo(function CallCard({ call, onDecide, onCancel }: Props) {
  const id = useId();
  const [open, setOpen] = useState(true);
  const Icon = ICONS[call.state];
  const asks = call.state === "input_required" && call.approval?.decision === undefined;
  const line = summary(call.arguments);
  return (
    <article className={`call state-${call.state}`} aria-labelledby={`${id}-title`} data-call={call.id}>
      <header className="call-head">
        <button type="button" className="call-toggle" aria-expanded={open} aria-controls={`${id}-body`} onClick={() => setOpen(!open)}>
          <Icon aria-hidden className="call-icon" />
          <span className="call-title" id={`${id}-title`}>
            <code>
              <PlainText text={call.task} />
            </code>
            {line !== "" && (
              <span className="call-summary">
                <PlainText text={line} />
              </span>
            )}
          </span>
          <State call={call} />
          <ChevronDown aria-hidden className="chevron" />
        </button>
        {call.state === "working" && (
          <button type="button" className="button small" aria-label={texts.call.cancelLabel(call.task)} onClick={() => onCancel(call.id)}>
            {texts.call.cancel}
          </button>
        )}
      </header>
      {open && (
        <div className="call-body" id={`${id}-body`}>
          {asks ? <ApprovalCard call={call} onDecide={onDecide} /> : <Details call={call} />}
        </div>
      )}
    </article>
  );
});

function State({ call }: { readonly call: Call }) {
  const running = call.state === "working";
  const now = useNow(running && call.startedAt !== undefined);
  const elapsed =
    call.end?.durationMillis ?? (running && call.startedAt !== undefined ? now - Date.parse(call.startedAt) : undefined);
  return (
    <span className="call-state">
      {call.end?.exit !== undefined && call.end.exit !== 0 && <span className="badge failed">{texts.call.exit(call.end.exit)}</span>}
      {elapsed !== undefined && (
        <span className="elapsed" aria-hidden={running || undefined}>
          {running ? duration(Math.max(1000, Math.floor(elapsed / 1000) * 1000)) : duration(elapsed)}
        </span>
      )}
      <span className={`badge state-${call.state}`} role="status">
        {texts.call.state[call.state]}
      </span>
    </span>
  );
}

function Details({ call }: { readonly call: Call }) {
  const decision = call.approval?.decision;
  const trouble = call.problem ?? call.end?.message ?? (call.state === "unknown" ? texts.call.unknown : undefined);
  const said = call.output.length > 0;
  const note = trouble !== undefined && call.result?.note?.startsWith(trouble) ? call.result.note.slice(trouble.length).trim() : call.result?.note;
  return (
    <>
      <CallArguments call={call} />
      {call.progress !== undefined && !isFinal(call.state) && (
        <p className="call-progress">
          <LoaderCircle aria-hidden className="spin" />
          <PlainText text={call.progress} />
        </p>
      )}
      {decision?.allow === false && decision.reason !== undefined && (
        <p className="call-trouble">
          <PlainText text={texts.call.deniedBecause(decision.reason)} />
        </p>
      )}
      {trouble !== undefined && decision?.allow !== false && (
        <p className="call-trouble">
          <PlainText text={trouble} />
        </p>
      )}
      {said && (
        <div className="call-output">
          <div className="call-output-head">
            <span>{texts.call.output}</span>
            <CopyButton label={texts.call.copyOutput} text={() => terminalText(call.output.map((chunk) => chunk.text).join(""))} />
          </div>
          <Terminal output={call.output} label={texts.call.output} />
        </div>
      )}
      {!said && call.state === "completed" && <p className="faint">{texts.call.noOutput}</p>}
      {note !== undefined && note !== "" && (
        <p className="faint">
          <PlainText text={note} />
        </p>
      )}
      {(call.end?.sandbox !== undefined || decision?.allow) && (
        <footer className="call-foot">
          {call.end?.sandbox !== undefined && (
            <span className="badge quiet" title={call.end.sandbox}>
              <Box aria-hidden />
              {texts.call.sandbox}
            </span>
          )}
          {decision?.allow && <span className="badge quiet">{allowed(decision.by, decision.scope)}</span>}
        </footer>
      )}
    </>
  );
}

function CallArguments({ call }: { readonly call: Call }) {
  const [shown, setShown] = useState(false);
  const id = useId();
  return (
    <div className="call-arguments">
      <button type="button" className="disclosure" aria-expanded={shown} aria-controls={id} onClick={() => setShown(!shown)}>
        <ChevronDown aria-hidden className="chevron" />
        {texts.call.arguments}
      </button>
      {shown && (
        <div id={id}>
          <Arguments value={call.arguments} />
        </div>
      )}
    </div>
  );
}

function allowed(by: string, scope: string): string {
  const names: Readonly<Record<string, string>> = texts.call.allowedBy;
  return (by === "policy" ? names["policy"] : names[scope]) ?? texts.call.allowedBy.once;
}
