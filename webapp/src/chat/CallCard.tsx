import {
  Ban,
  Box,
  ChevronDown,
  CircleCheck,
  CircleDashed,
  CircleHelp,
  CircleSlash,
  CircleX,
  GitBranch,
  LoaderCircle,
  type LucideIcon,
  ShieldQuestion,
  TriangleAlert,
} from "lucide-react";
import { memo, useId, useMemo, useState } from "react";
import type { Conversation } from "../state/conversation";
import { report } from "../state/toasts";
import { terminalText } from "../text/terminal";
import { texts } from "../texts";
import { CopyButton } from "../ui/copy";
import { PlainText } from "../ui/PlainText";
import { duration, useNow } from "../ui/time";
import { ApprovalCard } from "./approval/ApprovalCard";
import { Arguments, summary } from "./Arguments";
import { Artifacts } from "./Artifacts";
import { Changes } from "./Changes";
import { Network } from "./Network";
import { runsOf, withoutSaid } from "./output";
import { Progress } from "./Progress";
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
  elsewhere: GitBranch,
  unknown: CircleHelp,
};

/** Effects of tasks that change no files. */
const HARMLESS: ReadonlySet<string> = new Set(["none", "read"]);

interface Props {
  readonly conversation: Conversation;
  readonly call: Call;
}

/** One call: what was asked for, how it stands, what it says. */
export const CallCard = memo(function CallCard({ conversation, call }: Props) {
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
          <button type="button" className="button small" aria-label={texts.call.cancelLabel(call.task)} onClick={() => void conversation.cancel(call.id).catch(report)}>
            {texts.call.cancel}
          </button>
        )}
      </header>
      {open && (
        <div className="call-body" id={`${id}-body`}>
          {asks ? <ApprovalCard call={call} onDecide={conversation.decideCall} /> : <Details conversation={conversation} call={call} />}
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
        {running && call.background ? texts.call.background : texts.call.state[call.state]}
      </span>
    </span>
  );
}

function Details({ conversation, call }: Props) {
  const decision = call.approval?.decision;
  const trouble = call.problem ?? call.end?.message ?? (call.state === "unknown" ? texts.call.unknown : undefined);
  const output = useMemo(() => withoutSaid(call.output, trouble), [call.output, trouble]);
  const said = output.length > 0;
  const note = trouble !== undefined && call.result?.note?.startsWith(trouble) ? call.result.note.slice(trouble.length).trim() : call.result?.note;
  return (
    <>
      <CallArguments call={call} />
      {call.background && !isFinal(call.state) && <p className="faint">{texts.call.backgroundText}</p>}
      {!isFinal(call.state) && <Progress steps={call.progress} />}
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
            <CopyButton label={texts.call.copyOutput} text={() => runsOf(output).map((run) => terminalText(run.text)).join("\n")} />
          </div>
          <Terminal output={output} label={texts.call.output} />
        </div>
      )}
      {!said && call.state === "completed" && <p className="faint">{texts.call.noOutput}</p>}
      {call.artifacts.length > 0 && <Artifacts conversation={conversation.ownerOf(call.seq)} artifacts={call.artifacts} />}
      <Network conversation={conversation} call={call} />
      {isFinal(call.state) && call.startedAt !== undefined && !HARMLESS.has(call.effects ?? "") && <Changes conversation={conversation} call={call.id} />}
      {note !== undefined && note !== "" && (
        <p className="faint">
          <PlainText text={note} />
        </p>
      )}
      {(call.end?.sandbox !== undefined || decision?.allow || call.by === "user") && (
        <footer className="call-foot">
          {call.by === "user" && <span className="badge quiet">{texts.call.byUser}</span>}
          {call.end?.sandbox !== undefined && (
            <span className="badge quiet" title={call.end.sandbox}>
              <Box aria-hidden />
              {call.connections.some((one) => one.allowed) ? texts.call.sandboxNetwork : texts.call.sandbox}
            </span>
          )}
          {decision?.allow && call.by !== "user" && <span className="badge quiet">{allowed(decision.by, decision.scope)}</span>}
          {call.edited && <span className="badge quiet">{texts.call.edited}</span>}
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
