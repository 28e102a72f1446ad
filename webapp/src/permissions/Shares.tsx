import { Folder, X } from "lucide-react";
import { type FormEvent, useState } from "react";
import type { ApiError } from "../api/client";
import type { Grants } from "../api/types";
import { texts } from "../texts";
import { PlainText } from "../ui/PlainText";
import { Section, useSaving } from "./Section";
import { NONE } from "./grants";

interface Props {
  readonly grants: Grants;
  readonly save: (change: (grants: Grants) => Grants) => Promise<ApiError | undefined>;
}

const FRESH = { source: "", name: "", named: false, writable: false, forced: false };

/** Directories of this machine that the workspace sees. */
export function Shares({ grants, save }: Props) {
  const { error, busy, run } = useSaving();
  const [fresh, setFresh] = useState(FRESH);
  const shares = grants.workspace?.shares ?? [];
  const everywhere = grants.everywhere?.workspace?.shares ?? [];
  const name = fresh.named ? fresh.name : nameOf(fresh.source);

  const change = (next: (now: typeof shares) => typeof shares) =>
    run(
      save((now) => {
        const access = { ...NONE, ...now.workspace };
        return { ...now, workspace: { ...access, shares: next(access.shares ?? []) } };
      }),
    );
  const add = async (event: FormEvent) => {
    event.preventDefault();
    const { source, writable, forced } = fresh;
    const share = { name, source: source.trim(), writable, forced };
    if (source.trim() !== "" && (await change((now) => [...now, share]))) {
      // Whoever writes the next one already keeps it.
      setFresh((now) => (now === fresh ? FRESH : now));
    }
  };

  return (
    <Section title={texts.permissions.shares} text={texts.permissions.sharesText} error={error}>
      {shares.length === 0 && everywhere.length === 0 && <p className="faint">{texts.permissions.noShares}</p>}
      <ul className="rows">
        {shares.map((share) => (
          <li key={share.name} className="permission-row">
            <Folder aria-hidden />
            <span className="permission-main">
              <code>
                <PlainText text={share.source} />
              </code>
              <span className="faint">
                {" "}
                /share/
                <PlainText text={share.name} />
              </span>
            </span>
            <span className={share.writable ? "badge effects-write" : "badge quiet"}>
              {share.writable ? texts.permissions.readWrite : texts.permissions.readOnly}
            </span>
            <button
              type="button"
              className="icon-button small"
              aria-label={texts.permissions.takeBack(share.source)}
              disabled={busy}
              onClick={() => void change((now) => now.filter((other) => other.name !== share.name))}
            >
              <X aria-hidden />
            </button>
          </li>
        ))}
        {everywhere.map((share) => (
          <li key={`everywhere-${share.name}`} className="permission-row">
            <Folder aria-hidden />
            <span className="permission-main">
              <code>
                <PlainText text={share.source} />
              </code>
            </span>
            <span className="badge quiet">{texts.permissions.everywhere}</span>
          </li>
        ))}
      </ul>
      <form className="inline-form" onSubmit={(event) => void add(event)}>
        <input
          type="text"
          className="input wide"
          value={fresh.source}
          spellCheck={false}
          autoComplete="off"
          aria-label={texts.permissions.source}
          placeholder={texts.permissions.sourcePlaceholder}
          onChange={(event) => setFresh({ ...fresh, source: event.target.value })}
        />
        <input
          type="text"
          className="input short"
          value={name}
          spellCheck={false}
          autoComplete="off"
          aria-label={texts.permissions.name}
          placeholder={texts.permissions.name}
          title={texts.permissions.nameHint}
          onChange={(event) => setFresh({ ...fresh, name: event.target.value, named: true })}
        />
        <select
          className="input"
          aria-label={texts.permissions.access}
          value={fresh.writable ? "write" : "read"}
          onChange={(event) => setFresh({ ...fresh, writable: event.target.value === "write" })}
        >
          <option value="read">{texts.permissions.readOnly}</option>
          <option value="write">{texts.permissions.readWrite}</option>
        </select>
        <button type="submit" className="button" disabled={busy || fresh.source.trim() === ""}>
          {texts.permissions.share}
        </button>
        {(error || fresh.forced) && fresh.source !== "" && (
          <label className="need">
            <input type="checkbox" checked={fresh.forced} onChange={(event) => setFresh({ ...fresh, forced: event.target.checked })} />
            <span>{texts.permissions.force}</span>
          </label>
        )}
      </form>
    </Section>
  );
}

/** The last part of a path as a share may be called. */
function nameOf(source: string): string {
  const last = source.replace(/\/+$/, "").split("/").at(-1) ?? "";
  return last
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+|-+$/g, "")
    .slice(0, 31);
}
