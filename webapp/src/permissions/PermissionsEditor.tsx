import { texts } from "../texts";
import { ActionGrants } from "./ActionGrants";
import { Approvals } from "./Approvals";
import { Budgets } from "./Budgets";
import { Mode } from "./Mode";
import { Network } from "./Network";
import { Rules } from "./Rules";
import { Shares } from "./Shares";
import { usePermissions } from "./usePermissions";

interface Props {
  /** Undefined: what holds in all conversations. */
  readonly conversation: string | undefined;
  /** Changes when somebody else changed something. */
  readonly version: number;
}

/** Everything that a user may grant, ask for and take back, for one conversation or for all. */
export function PermissionsEditor({ conversation, version }: Props) {
  const { loaded, error, busy, grant, rule } = usePermissions(conversation, version);
  if (!loaded) {
    return error ? (
      <p className="test bad" role="alert">
        {texts.permissions.failed} {error.message}
      </p>
    ) : (
      <p className="faint" role="status">
        {texts.loading}
      </p>
    );
  }
  const { grants, policy } = loaded;
  return (
    <div className="permissions" aria-busy={busy}>
      <p className="faint">{conversation === undefined ? texts.permissions.everywhereText : texts.permissions.conversationText}</p>
      <Mode policy={policy} inherits={conversation !== undefined} save={rule} />
      <Network grants={grants} save={grant} />
      <Shares grants={grants} save={grant} />
      <ActionGrants grants={grants} save={grant} />
      <Approvals policy={policy} save={rule} />
      <Rules policy={policy} save={rule} />
      <Budgets conversation={conversation} version={version} />
    </div>
  );
}
