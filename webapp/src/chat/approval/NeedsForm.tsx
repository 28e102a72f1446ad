import { Container, Folder, FolderOpen, Globe, KeyRound, type LucideIcon } from "lucide-react";
import { type ReactNode, useId, useState } from "react";
import type { Access } from "../../api/types";
import { client } from "../../state/app";
import { report } from "../../state/toasts";
import { texts } from "../../texts";
import { PlainText } from "../../ui/PlainText";
import type { Call, NeededSecret, Needs } from "../view";

/** What of the things asked for the user gives. */
export interface Chosen {
  readonly network: readonly string[];
  readonly secrets: readonly string[];
  readonly workspace: boolean;
  readonly shares: ReadonlyMap<string, ChosenShare>;
}

interface ChosenShare {
  /** Empty: not given. */
  readonly source: string;
  readonly writable: boolean;
  readonly forced: boolean;
}

const NO_SHARE: ChosenShare = { source: "", writable: false, forced: false };

export function chosenOf(needs: Needs | undefined): Chosen {
  return {
    network: needs?.network ?? [],
    secrets: needs?.secrets.map((secret) => secret.name) ?? [],
    workspace: needs?.workspace ?? false,
    shares: new Map(),
  };
}

export function grantOf(needs: Needs, chosen: Chosen): Access {
  const shares = needs.shares.flatMap(({ name }) => {
    const { source, writable, forced } = chosen.shares.get(name) ?? NO_SHARE;
    return source.trim() === "" ? [] : [{ name, source: source.trim(), writable, forced }];
  });
  return { network: chosen.network, secrets: chosen.secrets, workspace: chosen.workspace, shares };
}

interface Props {
  readonly call: Call;
  readonly needs: Needs;
  readonly chosen: Chosen;
  readonly disabled: boolean;
  /** Whether the server did not take it, so that insisting may help. */
  readonly refused: boolean;
  readonly onChange: (chosen: Chosen) => void;
}

/** What a call asks for beyond its sandbox, each to give or to keep. */
export function NeedsForm({ call, needs, chosen, disabled, refused, onChange }: Props) {
  const toggle = (list: readonly string[], one: string, on: boolean) => (on ? [...list, one] : list.filter((other) => other !== one));
  const share = (name: string, change: Partial<ChosenShare>) =>
    onChange({ ...chosen, shares: new Map(chosen.shares).set(name, { ...(chosen.shares.get(name) ?? NO_SHARE), ...change }) });
  return (
    <fieldset className="needs" disabled={disabled}>
      <legend>{texts.approval.needs}</legend>
      <p className="faint">{texts.approval.needsText}</p>
      {needs.network.map((host) => (
        <Choice
          key={host}
          icon={Globe}
          checked={chosen.network.includes(host)}
          onChange={(on) => onChange({ ...chosen, network: toggle(chosen.network, host, on) })}
        >
          {texts.approval.network} <code>{host}</code>
        </Choice>
      ))}
      {needs.secrets.map((secret) => (
        <Secret
          key={secret.name}
          alias={call.task.split(".")[0] ?? ""}
          secret={secret}
          checked={chosen.secrets.includes(secret.name)}
          onChange={(on) => onChange({ ...chosen, secrets: toggle(chosen.secrets, secret.name, on) })}
        />
      ))}
      {needs.workspace && (
        <Choice icon={FolderOpen} checked={chosen.workspace} onChange={(workspace) => onChange({ ...chosen, workspace })}>
          {texts.approval.workspace}
        </Choice>
      )}
      {needs.shares.map((wanted) => (
        <Share
          key={wanted.name}
          wanted={wanted}
          chosen={chosen.shares.get(wanted.name) ?? NO_SHARE}
          refused={refused}
          onChange={(change) => share(wanted.name, change)}
        />
      ))}
      {needs.sidecars.map((image) => (
        <p key={image} className="need">
          <Container aria-hidden />
          <span>
            {texts.approval.sidecar}{" "}
            <code>
              <PlainText text={image} />
            </code>
          </span>
        </p>
      ))}
    </fieldset>
  );
}

interface ChoiceProps {
  readonly icon: LucideIcon;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly children: ReactNode;
}

function Choice({ icon: Icon, checked, onChange, children }: ChoiceProps) {
  return (
    <label className="need">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.target.checked)} />
      <Icon aria-hidden />
      <span>{children}</span>
    </label>
  );
}

interface SecretProps {
  readonly alias: string;
  readonly secret: NeededSecret;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}

function Secret({ alias, secret, checked, onChange }: SecretProps) {
  const [set, setSet] = useState(secret.set);
  const [value, setValue] = useState("");
  const save = () =>
    client
      .call("put", "/api/actions/{alias}/secrets/{name}", { path: { alias, name: secret.name }, body: { value } })
      .then(() => {
        setSet(true);
        setValue("");
      })
      .catch(report);
  return (
    <div>
      <Choice icon={KeyRound} checked={checked} onChange={onChange}>
        {texts.approval.secret} <code>{secret.name}</code>
        {secret.hosts.length > 0 && <span className="faint"> {texts.approval.secretFor(secret.hosts.join(", "))}</span>}
      </Choice>
      {checked && !set && (
        <div className="need-more">
          <p className="field-warning">{texts.approval.secretUnset}</p>
          {secret.help !== undefined && (
            <p className="faint">
              <PlainText text={secret.help} />
            </p>
          )}
          <div className="inline-form">
            <input
              type="password"
              className="input"
              autoComplete="off"
              minLength={8}
              value={value}
              aria-label={texts.approval.secretValue(secret.name)}
              placeholder={texts.approval.secretValue(secret.name)}
              onChange={(event) => setValue(event.target.value)}
            />
            <button type="button" className="button" disabled={value === ""} onClick={() => void save()}>
              {texts.approval.secretSet}
            </button>
          </div>
        </div>
      )}
    </div>
  );
}

interface ShareProps {
  readonly wanted: Needs["shares"][number];
  readonly chosen: ChosenShare;
  readonly refused: boolean;
  readonly onChange: (change: Partial<ChosenShare>) => void;
}

function Share({ wanted, chosen, refused, onChange }: ShareProps) {
  const id = useId();
  return (
    <div className="need-share">
      <label className="need" htmlFor={id}>
        <Folder aria-hidden />
        <span>
          {texts.approval.share} <code>{wanted.name}</code>
          {wanted.why !== undefined && (
            <span className="faint">
              {" "}
              <PlainText text={wanted.why} />
            </span>
          )}
        </span>
      </label>
      <div className="need-more">
        <div className="inline-form">
          <input
            id={id}
            type="text"
            className="input"
            autoComplete="off"
            spellCheck={false}
            value={chosen.source}
            aria-label={texts.approval.shareSource(wanted.name)}
            placeholder={texts.approval.sharePlaceholder}
            onChange={(event) => onChange({ source: event.target.value })}
          />
          {wanted.writable && (
            <select
              className="input"
              aria-label={`${texts.approval.readOnly} / ${texts.approval.readWrite}`}
              value={chosen.writable ? "write" : "read"}
              onChange={(event) => onChange({ writable: event.target.value === "write" })}
            >
              <option value="read">{texts.approval.readOnly}</option>
              <option value="write">{texts.approval.readWrite}</option>
            </select>
          )}
        </div>
        <p className="faint">{texts.approval.shareEmpty}</p>
        {(refused || chosen.forced) && chosen.source !== "" && (
          <label className="need">
            <input type="checkbox" checked={chosen.forced} onChange={(event) => onChange({ forced: event.target.checked })} />
            <span>{texts.approval.force}</span>
          </label>
        )}
      </div>
    </div>
  );
}
