import { Pencil, ShieldAlert, ShieldQuestion } from "lucide-react";
import { type KeyboardEvent, type MouseEvent, useId, useState } from "react";
import { ApiError } from "../../api/client";
import type { Decision } from "../../state/conversation";
import { asApiError } from "../../state/resource";
import { tell } from "../../state/toasts";
import { sentences } from "../../text/sentences";
import { texts } from "../../texts";
import { PlainText } from "../../ui/PlainText";
import { Arguments } from "../Arguments";
import { isRecord } from "../fields";
import type { Call } from "../view";
import { ArgumentsEditor } from "./ArgumentsEditor";
import { type Chosen, chosenOf, grantOf, NeedsForm } from "./NeedsForm";
import { useArmed } from "./useArmed";

const SCOPES = ["once", "conversation", "always"] as const;

interface Props {
  readonly call: Call;
  readonly onDecide: (call: string, decision: Decision) => Promise<void>;
}

/** Asks whether a call may run, showing exactly what will. */
export function ApprovalCard({ call, onDecide }: Props) {
  const id = useId();
  const { approval } = call;
  const needs = approval?.needs;
  const armed = useArmed();
  const [sent, setSent] = useState(false);
  const [error, setError] = useState<ApiError>();
  const [reason, setReason] = useState("");
  const [editing, setEditing] = useState(false);
  /** The arguments as the user changed them; null while they cannot be sent. */
  const [edited, setEdited] = useState<Readonly<Record<string, unknown>> | null>();
  const [chosen, setChosen] = useState<Chosen>(() => chosenOf(needs));

  const decide = (decision: Decision) => (event: MouseEvent) => {
    // Only a person's own click or key press counts.
    if (!armed || sent || !event.nativeEvent.isTrusted) {
      return;
    }
    setSent(true);
    setError(undefined);
    onDecide(call.id, approval ? { ...decision, approval: approval.id } : decision).catch((failure: unknown) => {
      if (failure instanceof ApiError && failure.status === 409) {
        tell(texts.approval.decided);
      } else {
        setSent(false);
        setError(asApiError(failure));
      }
    });
  };
  const deny: Decision = reason.trim() === "" ? { decision: "deny", scope: "once" } : { decision: "deny", scope: "once", reason: reason.trim() };
  const allow = (scope: Decision["scope"]): Decision => ({
    decision: "allow",
    scope,
    ...(edited ? { arguments: edited } : {}),
    ...(needs ? { grant: grantOf(needs, chosen) } : {}),
  });
  const offered = SCOPES.filter((scope) => !approval || approval.scopes.length === 0 || approval.scopes.includes(scope));
  const shown = edited ?? call.arguments;
  // What is asked for is told by the form below.
  const reasons = (approval?.reasons ?? []).filter((why) => !needs?.reasons.includes(why));

  return (
    <section className="approval" aria-labelledby={id} data-approval={call.id} onKeyDown={noRepeats}>
      <h3 id={id}>
        <ShieldQuestion aria-hidden />
        <span>{texts.approval.title(call.task)}</span>
      </h3>
      {approval && approval.untrusted.length > 0 && <Untrusted names={approval.untrusted} />}
      {reasons.length > 0 && (
        <ul className="approval-reasons" aria-label={texts.approval.why}>
          {reasons.map((why, index) => (
            <li key={index}>
              <PlainText text={why} />
            </li>
          ))}
        </ul>
      )}
      <p className="approval-what">{edited ? texts.approval.changed : texts.approval.exactly}</p>
      <div className="approval-exactly">
        <div className="approval-task">
          <code>
            <PlainText text={call.task} />
          </code>
          {call.action !== undefined && (
            <span className="faint">
              <PlainText text={`${call.action}${call.version === undefined ? "" : ` ${call.version}`}`} />
            </span>
          )}
          {call.effects !== undefined && <span className={`badge effects-${call.effects}`}>{texts.call.effects[call.effects] ?? call.effects}</span>}
          {!editing && isRecord(call.arguments) && (
            <button type="button" className="button small approval-edit" disabled={sent} onClick={() => setEditing(true)}>
              <Pencil aria-hidden />
              {texts.approval.edit}
            </button>
          )}
        </div>
        {editing && isRecord(shown) ? (
          <ArgumentsEditor
            task={call.task}
            original={call.arguments}
            value={shown}
            disabled={sent}
            onChange={setEdited}
            onClose={(reset) => {
              setEditing(false);
              if (reset) {
                setEdited(undefined);
              }
            }}
          />
        ) : (
          <Arguments value={shown} />
        )}
      </div>
      {needs && <NeedsForm call={call} needs={needs} chosen={chosen} disabled={sent} refused={error !== undefined} onChange={setChosen} />}
      {error && (
        <p className="test bad" role="alert">
          {sentences(error.message, error.remedy)}
        </p>
      )}
      <div className="approval-buttons">
        {offered.map((scope, index) => (
          <button
            key={scope}
            type="button"
            className={index === 0 ? "button primary" : "button"}
            disabled={!armed || sent || edited === null}
            onClick={decide(allow(scope))}
          >
            {texts.approval[scope]}
          </button>
        ))}
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
        <button type="button" className="button danger" disabled={!armed || sent} onClick={decide(deny)}>
          {texts.approval.deny}
        </button>
      </div>
    </section>
  );
}

/** What entered the conversation from outside, which is why this is asked again. */
function Untrusted({ names }: { readonly names: readonly string[] }) {
  return (
    <div className="banner warning untrusted">
      <ShieldAlert aria-hidden />
      <div>
        <p>{texts.approval.untrusted}</p>
        <p className="banner-remedy">
          {texts.approval.untrustedFrom}{" "}
          {names.map((name) => (
            <code key={name} className="badge">
              <PlainText text={name} />
            </code>
          ))}
        </p>
      </div>
    </div>
  );
}

/** A key that is held down presses no button. */
function noRepeats(event: KeyboardEvent): void {
  if (event.repeat && (event.key === "Enter" || event.key === " ") && event.target instanceof HTMLButtonElement) {
    event.preventDefault();
  }
}
