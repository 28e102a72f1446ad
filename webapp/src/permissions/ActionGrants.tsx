import { Blocks, X } from "lucide-react";
import type { ApiError } from "../api/client";
import type { Access, Grants } from "../api/types";
import { texts } from "../texts";
import { PlainText } from "../ui/PlainText";
import { Section, useSaving } from "./Section";

interface Props {
  readonly grants: Grants;
  readonly save: (change: (grants: Grants) => Grants) => Promise<ApiError | undefined>;
}

type ForAction = NonNullable<Grants["actions"]>[number];

/** What actions of third parties were given, each thing to take back. */
export function ActionGrants({ grants, save }: Props) {
  const { error, busy, run } = useSaving();
  const given = grants.actions ?? [];
  const everywhere = grants.everywhere?.actions ?? [];
  const change = (one: ForAction, less: (access: ForAction) => ForAction) =>
    run(
      save((now) => ({
        ...now,
        actions: (now.actions ?? []).flatMap((other) => {
          const same = other.action === one.action && other.contentHash === one.contentHash;
          const left = same ? less(other) : other;
          return same && isEmpty(left) ? [] : [left];
        }),
      })),
    );
  return (
    <Section title={texts.permissions.actions} text={texts.permissions.actionsText} error={error}>
      {given.length === 0 && everywhere.length === 0 && <p className="faint">{texts.permissions.noActions}</p>}
      <ul className="rows">
        {given.map((one) => (
          <li key={`${one.action}@${one.contentHash}`} className="permission-row tall">
            <Blocks aria-hidden />
            <div className="permission-main">
              <ActionName one={one} />
              <ul className="chips">
                {things(one).map(({ name, without }) => (
                  <li key={name} className="chip">
                    <span>
                      <PlainText text={name} />
                    </span>
                    <button type="button" aria-label={texts.permissions.takeBack(name)} disabled={busy} onClick={() => void change(one, without)}>
                      <X aria-hidden />
                    </button>
                  </li>
                ))}
              </ul>
            </div>
          </li>
        ))}
        {everywhere.map((one) => (
          <li key={`everywhere-${one.action}@${one.contentHash}`} className="permission-row tall">
            <Blocks aria-hidden />
            <div className="permission-main">
              <ActionName one={one} /> <span className="badge quiet">{texts.permissions.everywhere}</span>
              <ul className="chips">
                {things(one).map(({ name }) => (
                  <li key={name} className="chip">
                    <PlainText text={name} />
                  </li>
                ))}
              </ul>
            </div>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function ActionName({ one }: { readonly one: ForAction }) {
  return (
    <>
      <code>
        <PlainText text={one.action} />
      </code>{" "}
      <span className="faint" title={one.contentHash}>
        {one.contentHash.replace(/^sha256:/, "").slice(0, 12)}
      </span>
    </>
  );
}

/** Each thing that was given, with how to take it back. */
function things(one: ForAction): { readonly name: string; readonly without: (now: ForAction) => ForAction }[] {
  const text = texts.permissions;
  return [
    ...(one.network ?? []).map((host) => ({ name: host, without: (now: ForAction) => ({ ...now, network: now.network?.filter((it) => it !== host) ?? [] }) })),
    ...(one.secrets ?? []).map((secret) => ({
      name: text.secret(secret),
      without: (now: ForAction) => ({ ...now, secrets: now.secrets?.filter((it) => it !== secret) ?? [] }),
    })),
    ...(one.shares ?? []).map((share) => ({
      name: text.directory(share.name, share.source, share.writable),
      without: (now: ForAction) => ({ ...now, shares: now.shares?.filter((it) => it.name !== share.name) ?? [] }),
    })),
    ...(one.workspace ? [{ name: text.workspace, without: (now: ForAction) => ({ ...now, workspace: false }) }] : []),
  ];
}

function isEmpty(access: Access): boolean {
  return !access.workspace && [access.network, access.secrets, access.shares].every((list) => (list ?? []).length === 0);
}
