import { ShieldQuestion } from "lucide-react";
import { type KeyboardEvent, type MouseEvent, useEffect, useId, useState } from "react";
import { ApiError } from "../api/client";
import type { Decision } from "../state/conversation";
import { report, tell } from "../state/toasts";
import { texts } from "../texts";
import { PlainText } from "../ui/PlainText";
import { Arguments } from "./Arguments";
import type { Call } from "./view";

/** A card that has just appeared takes no answer: a key or click meant for something else must not decide. */
const ARMING_MILLIS = 700;

interface Props {
  readonly call: Call;
  readonly onDecide: (call: string, decision: Decision) => Promise<void>;
}

/** Asks whether a call may run, showing exactly what will. */
export function ApprovalCard({ call, onDecide }: Props) {
  const id = useId();
  const [armed, setArmed] = useState(false);
  const [sent, setSent] = useState(false);
  const [reason, setReason] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setArmed(true), ARMING_MILLIS);
    return () => clearTimeout(timer);
  }, []);

  const decide = (decision: Decision) => (event: MouseEvent) => {
    // Only a person's own click or key press counts.
    if (!armed || sent || !event.nativeEvent.isTrusted) {
      return;
    }
    setSent(true);
    onDecide(call.id, decision).catch((error: unknown) => {
      if (error instanceof ApiError && error.status === 409) {
        tell(texts.approval.decided);
      } else {
        setSent(false);
        report(error);
      }
    });
  };
  const deny: Decision = reason.trim() === "" ? { decision: "deny", scope: "once" } : { decision: "deny", scope: "once", reason: reason.trim() };
  const disabled = !armed || sent;

  return (
    <section className="approval" aria-labelledby={id} data-approval={call.id} onKeyDown={noRepeats}>
      <h3 id={id}>
        <ShieldQuestion aria-hidden />
        <span>{texts.approval.title(call.task)}</span>
      </h3>
      {call.approval && call.approval.reasons.length > 0 && (
        <ul className="approval-reasons" aria-label={texts.approval.why}>
          {call.approval.reasons.map((why, index) => (
            <li key={index}>
              <PlainText text={why} />
            </li>
          ))}
        </ul>
      )}
      <p className="approval-what">{texts.approval.exactly}</p>
      <div className="approval-exactly">
        <p className="approval-task">
          <code>
            <PlainText text={call.task} />
          </code>
          {call.action !== undefined && (
            <span className="faint">
              <PlainText text={`${call.action}${call.version === undefined ? "" : ` ${call.version}`}`} />
            </span>
          )}
          {call.effects !== undefined && <span className={`badge effects-${call.effects}`}>{texts.call.effects[call.effects] ?? call.effects}</span>}
        </p>
        <Arguments value={call.arguments} />
      </div>
      <div className="approval-buttons">
        <button type="button" className="button primary" disabled={disabled} onClick={decide({ decision: "allow", scope: "once" })}>
          {texts.approval.once}
        </button>
        <button type="button" className="button" disabled={disabled} onClick={decide({ decision: "allow", scope: "conversation" })}>
          {texts.approval.conversation}
        </button>
        <button type="button" className="button" disabled={disabled} onClick={decide({ decision: "allow", scope: "always" })}>
          {texts.approval.always}
        </button>
      </div>
      <div className="approval-deny">
        <input
          type="text"
          className="input"
          value={reason}
          maxLength={500}
          aria-label={texts.approval.reason}
          placeholder={texts.approval.reason}
          disabled={sent}
          onChange={(event) => setReason(event.target.value)}
        />
        <button type="button" className="button danger" disabled={disabled} onClick={decide(deny)}>
          {texts.approval.deny}
        </button>
      </div>
    </section>
  );
}

/** A key that is held down presses no button. */
function noRepeats(event: KeyboardEvent): void {
  if (event.repeat && (event.key === "Enter" || event.key === " ")) {
    event.preventDefault();
  }
}
