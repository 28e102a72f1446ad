import { CircleCheck, X } from "lucide-react";
import type { ApiError } from "../api/client";
import type { Policy } from "../api/types";
import { texts } from "../texts";
import { PlainText } from "../ui/PlainText";
import { Section, useSaving } from "./Section";

interface Props {
  readonly policy: Policy;
  readonly save: (policy: Policy) => Promise<ApiError | undefined>;
}

/** Calls that were approved for longer than once. */
export function Approvals({ policy, save }: Props) {
  const { error, busy, run } = useSaving();
  const approvals = policy.approvals ?? [];
  const everywhere = policy.everywhere?.approvals ?? [];
  return (
    <Section title={texts.permissions.approvals} text={texts.permissions.approvalsText} error={error}>
      {approvals.length === 0 && everywhere.length === 0 && <p className="faint">{texts.permissions.noApprovals}</p>}
      <ul className="rows">
        {approvals.map((one) => (
          <li key={one} className="permission-row">
            <CircleCheck aria-hidden />
            <Approval one={one} />
            <button
              type="button"
              className="icon-button small"
              aria-label={texts.permissions.takeBack(taskOf(one))}
              disabled={busy}
              onClick={() => void run(save({ approvals: approvals.filter((other) => other !== one) }))}
            >
              <X aria-hidden />
            </button>
          </li>
        ))}
        {everywhere.map((one) => (
          <li key={`everywhere-${one}`} className="permission-row">
            <CircleCheck aria-hidden />
            <Approval one={one} />
            <span className="badge quiet">{texts.permissions.everywhere}</span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Approval({ one }: { readonly one: string }) {
  return (
    <span className="permission-main" title={one}>
      <code>
        <PlainText text={taskOf(one)} />
      </code>{" "}
      <span className="faint">{hashOf(one).slice(0, 12)}</span>
    </span>
  );
}

/** `owner/repo@hash/task` without the hash. */
function taskOf(approval: string): string {
  const at = approval.indexOf("@");
  return at < 0 ? approval : `${approval.slice(0, at)}.${approval.slice(approval.lastIndexOf("/") + 1)}`;
}

function hashOf(approval: string): string {
  return approval.slice(approval.indexOf("@") + 1, approval.lastIndexOf("/")).replace(/^sha256:/, "");
}
