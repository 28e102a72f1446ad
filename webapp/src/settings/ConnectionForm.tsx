import { type FormEvent, useState } from "react";
import type { ApiError } from "../api/client";
import type { Connection } from "../api/types";
import { client } from "../state/app";
import { asApiError } from "../state/resource";
import { sentences } from "../text/sentences";
import { texts } from "../texts";
import { bodyOf, type Details, detailsOf } from "./connectionDetails";
import { ConnectionMore } from "./ConnectionMore";
import { PRESETS } from "./presets";

/** The kind of servers that were found on this machine by themselves: what is said of their models can be changed, and nothing else. */
export const LOCAL = "local";

interface Props {
  /** The connection to change; undefined for a new one. */
  readonly connection: Connection | undefined;
  /** Names that a new one cannot have. */
  readonly taken: readonly string[];
  readonly onDone: () => void;
  readonly onCancel: () => void;
}

/** Asks for a server and its key. The key leaves this form for the server only, and is forgotten when the form closes. */
export function ConnectionForm({ connection, taken, onDone, onCancel }: Props) {
  const first = PRESETS.find((preset) => !taken.includes(preset.name)) ?? PRESETS[0];
  const [name, setName] = useState(connection?.name ?? first.name);
  const [baseUrl, setBaseUrl] = useState(connection?.baseUrl ?? first.baseUrl);
  const [key, setKey] = useState("");
  const [details, setDetails] = useState<Details>(() => detailsOf(connection));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();

  const save = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      const body = bodyOf(details, { kind: connection?.kind ?? "openai", baseUrl: baseUrl.trim() });
      await client.call("put", "/api/connections/{name}", {
        path: { name },
        body: key.trim() === "" ? body : { ...body, key: key.trim() },
      });
      onDone();
    } catch (failed) {
      setBusy(false);
      setError(asApiError(failed));
    }
  };

  return (
    <form className="connection-form" onSubmit={(event) => void save(event)}>
      {!connection && (
        <>
          <div className="field half">
            <label htmlFor="preset">{texts.settings.preset}</label>
            <select
              id="preset"
              className="input"
              value={PRESETS.find((preset) => preset.baseUrl === baseUrl)?.name ?? "other"}
              onChange={(event) => {
                const preset = PRESETS.find((one) => one.name === event.target.value);
                if (preset) {
                  setName(preset.name);
                  setBaseUrl(preset.baseUrl);
                }
              }}
            >
              {PRESETS.map((preset) => (
                <option key={preset.name} value={preset.name}>
                  {preset.title}
                </option>
              ))}
            </select>
          </div>
          <div className="field half">
            <label htmlFor="connection-name">{texts.settings.name}</label>
            <input
              id="connection-name"
              className="input"
              required
              pattern="[a-z][a-z0-9\-]{0,30}"
              title={texts.settings.nameHint}
              value={name}
              autoComplete="off"
              spellCheck={false}
              onChange={(event) => setName(event.target.value)}
            />
          </div>
        </>
      )}
      {connection?.kind !== LOCAL && (
        <>
          <div className="field">
            <label htmlFor="base-url">{texts.settings.baseUrl}</label>
            <input
              id="base-url"
              className="input"
              type="url"
              required
              value={baseUrl}
              autoComplete="off"
              spellCheck={false}
              onChange={(event) => setBaseUrl(event.target.value)}
            />
          </div>
          <div className="field">
            <label htmlFor="api-key">{texts.settings.key}</label>
            <input
              id="api-key"
              className="input"
              type="password"
              value={key}
              autoComplete="off"
              spellCheck={false}
              aria-describedby="api-key-note"
              onChange={(event) => setKey(event.target.value)}
            />
            <p className="faint" id="api-key-note">
              {connection?.keyHint === undefined ? texts.settings.keyNone : texts.settings.keyKeep(connection.keyHint)}
            </p>
          </div>
        </>
      )}
      <ConnectionMore details={details} onChange={setDetails} />
      {error && (
        <p className="test bad" role="alert">
          {sentences(error.message, error.remedy)}
        </p>
      )}
      <div className="connection-buttons">
        <button type="submit" className="button primary" disabled={busy}>
          {texts.save}
        </button>
        <button type="button" className="button" onClick={onCancel}>
          {texts.cancel}
        </button>
      </div>
    </form>
  );
}
