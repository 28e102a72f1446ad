import { X } from "lucide-react";
import { type FormEvent, useState } from "react";
import type { ApiError } from "../api/client";
import type { Grants } from "../api/types";
import { texts } from "../texts";
import { PlainText } from "../ui/PlainText";
import { Section, useSaving } from "./Section";
import { NONE } from "./grants";

const PRESETS = [
  ["package-mirrors", texts.permissions.mirrors, texts.permissions.mirrorsNote],
  ["internet", texts.permissions.internet, texts.permissions.internetNote],
] as const;

interface Props {
  readonly grants: Grants;
  readonly save: (change: (grants: Grants) => Grants) => Promise<ApiError | undefined>;
}

/** What the workspace may reach. */
export function Network({ grants, save }: Props) {
  const { error, busy, run } = useSaving();
  const [host, setHost] = useState("");
  const granted = grants.workspace?.network ?? [];
  const everywhere = grants.everywhere?.workspace?.network ?? [];
  const isPreset = (one: string) => PRESETS.some(([name]) => name === one);
  const hosts = granted.filter((one) => !isPreset(one));

  const set = (one: string, on: boolean) =>
    run(
      save((now) => {
        const access = { ...NONE, ...now.workspace };
        const others = (access.network ?? []).filter((other) => other !== one);
        return { ...now, workspace: { ...access, network: on ? [...others, one] : others } };
      }),
    );
  const add = async (event: FormEvent) => {
    event.preventDefault();
    if (host.trim() !== "" && (await set(host.trim(), true))) {
      // Whoever writes the next one already keeps it.
      setHost((now) => (now === host ? "" : now));
    }
  };

  return (
    <Section title={texts.permissions.network} text={texts.permissions.networkText} error={error}>
      {PRESETS.map(([name, title, note]) => (
        <label key={name} className="need">
          <input
            type="checkbox"
            checked={granted.includes(name) || everywhere.includes(name)}
            disabled={busy || everywhere.includes(name)}
            onChange={(event) => void set(name, event.target.checked)}
          />
          <span>
            {title} <span className="faint">{note}</span>
            {everywhere.includes(name) && <span className="badge quiet">{texts.permissions.everywhere}</span>}
          </span>
        </label>
      ))}
      {(hosts.length > 0 || everywhere.some((one) => !isPreset(one))) && (
        <ul className="chips" aria-label={texts.permissions.hosts}>
          {hosts.map((one) => (
            <li key={one} className="chip">
              <code>
                <PlainText text={one} />
              </code>
              <button type="button" aria-label={texts.permissions.takeBack(one)} disabled={busy} onClick={() => void set(one, false)}>
                <X aria-hidden />
              </button>
            </li>
          ))}
          {everywhere
            .filter((one) => !isPreset(one))
            .map((one) => (
              <li key={`everywhere-${one}`} className="chip">
                <code>
                  <PlainText text={one} />
                </code>
                <span className="faint">{texts.permissions.everywhere}</span>
              </li>
            ))}
        </ul>
      )}
      <form className="inline-form" onSubmit={(event) => void add(event)}>
        <input
          type="text"
          className="input"
          value={host}
          spellCheck={false}
          autoComplete="off"
          aria-label={texts.permissions.host}
          placeholder={texts.permissions.hostPlaceholder}
          onChange={(event) => setHost(event.target.value)}
        />
        <button type="submit" className="button" disabled={busy || host.trim() === ""}>
          {texts.permissions.add}
        </button>
      </form>
    </Section>
  );
}
