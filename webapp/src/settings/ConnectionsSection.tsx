import { Plus, Radar } from "lucide-react";
import { useEffect, useState } from "react";
import type { Connection } from "../api/types";
import { client, connections, models } from "../state/app";
import { asApiError } from "../state/resource";
import { useStore } from "../state/store";
import { report, tell } from "../state/toasts";
import { sentences } from "../text/sentences";
import { texts } from "../texts";
import { ConnectionForm, LOCAL } from "./ConnectionForm";
import { ProbePanel } from "./ProbePanel";

/** The kinds that have a server and a key; others, like the demo model, have nothing to set. */
const EDITABLE = "openai";

export function ConnectionsSection() {
  const { data, error } = useStore(connections);
  const [editing, setEditing] = useState<string>();
  const [looking, setLooking] = useState(false);
  const list = data?.connections ?? [];
  useEffect(() => {
    void connections.reload();
    void models.reload();
  }, []);
  const look = async () => {
    setLooking(true);
    try {
      const { connections: all = [] } = await client.call("post", "/api/connections/look", {});
      tell(texts.connection.found(all.filter((one) => one.kind === LOCAL).length));
    } catch (failure) {
      report(failure);
    }
    setLooking(false);
    void connections.reload();
    void models.reload();
  };
  const done = () => {
    setEditing(undefined);
    void connections.reload();
    void models.reload();
  };
  return (
    <>
      <DefaultModel />
      <div className="section-head">
        <h3>{texts.settings.connections}</h3>
        <div className="section-actions">
          <button type="button" className="button" disabled={looking} onClick={() => void look()}>
            <Radar aria-hidden />
            {looking ? texts.connection.looking : texts.connection.look}
          </button>
          {editing !== "" && (
            <button type="button" className="button" onClick={() => setEditing("")}>
              <Plus aria-hidden />
              {texts.settings.add}
            </button>
          )}
        </div>
      </div>
      <p className="faint">{texts.settings.connectionsText}</p>
      {error && <p role="alert">{error.message}</p>}
      {editing === "" && <ConnectionForm taken={list.map((one) => one.name)} connection={undefined} onDone={done} onCancel={() => setEditing(undefined)} />}
      <ul className="connections">
        {list.map((one) =>
          editing === one.name ? (
            <li key={one.name}>
              <ConnectionForm taken={[]} connection={one} onDone={done} onCancel={() => setEditing(undefined)} />
            </li>
          ) : (
            <li key={one.name} className="connection">
              <ConnectionRow connection={one} onEdit={() => setEditing(one.name)} onChanged={done} />
            </li>
          ),
        )}
      </ul>
    </>
  );
}

function DefaultModel() {
  const { data } = useStore(models);
  const list = data?.models ?? [];
  const choose = (model: string) =>
    client
      .call("patch", "/api/settings", { body: { defaultModel: model } })
      .then(() => models.reload())
      .catch(report);
  return (
    <div className="field">
      <label htmlFor="default-model">{texts.settings.defaultModel}</label>
      {list.length === 0 ? (
        <p className="faint">{texts.settings.noModels}</p>
      ) : (
        <select id="default-model" className="input" value={data?.default ?? ""} onChange={(event) => void choose(event.target.value)}>
          {data?.default == null && <option value="">{texts.chat.noModel}</option>}
          {list.map((one) => (
            <option key={one.id} value={one.id}>
              {one.title} ({one.connection})
            </option>
          ))}
        </select>
      )}
    </div>
  );
}

interface RowProps {
  readonly connection: Connection;
  readonly onEdit: () => void;
  readonly onChanged: () => void;
}

type Test = { readonly state: "none" | "running" } | { readonly state: "good" | "bad"; readonly text: string };

function ConnectionRow({ connection, onEdit, onChanged }: RowProps) {
  const { name } = connection;
  const [test, setTest] = useState<Test>({ state: "none" });
  const [asking, setAsking] = useState(false);
  const [probing, setProbing] = useState(false);

  const run = async () => {
    setTest({ state: "running" });
    try {
      const { models: found } = await client.call("post", "/api/connections/{name}/refresh", { path: { name } });
      setTest({ state: "good", text: texts.settings.found(found.length) });
      void models.reload();
      void connections.reload();
    } catch (error) {
      const failed = asApiError(error);
      setTest({ state: "bad", text: sentences(failed.message, failed.remedy) });
    }
  };
  const removeKey = () =>
    client.call("delete", "/api/connections/{name}/key", { path: { name } }).then(onChanged).catch(report);
  const remove = () => client.call("delete", "/api/connections/{name}", { path: { name } }).then(onChanged).catch(report);

  return (
    <>
      <div className="connection-head">
        <span className={connection.ready ? "light good" : "light bad"} aria-hidden="true" />
        <span className="connection-title">{connection.title}</span>
        {connection.kind === LOCAL && <span className="badge quiet">{texts.connection.local}</span>}
        <span className="faint connection-url">{connection.baseUrl}</span>
      </div>
      <p className={connection.ready ? "faint" : "connection-trouble"}>
        {connection.reason}
      </p>
      {connection.remedy !== undefined && <p className="faint">{connection.remedy}</p>}
      {connection.keyHint !== undefined && <p className="faint">{texts.settings.keyStored(connection.keyHint)}</p>}
      {test.state === "good" && (
        <p className="test good" role="status">
          {test.text}
        </p>
      )}
      {test.state === "bad" && (
        <p className="test bad" role="alert">
          {test.text}
        </p>
      )}
      <div className="connection-buttons">
        <button type="button" className="button" disabled={test.state === "running"} onClick={() => void run()}>
          {test.state === "running" ? texts.settings.testing : texts.settings.test}
        </button>
        <button type="button" className="button" aria-expanded={probing} onClick={() => setProbing(!probing)}>
          {texts.connection.probe}
        </button>
        {(connection.kind === EDITABLE || connection.kind === LOCAL) && (
          <button type="button" className="button" onClick={onEdit}>
            {texts.settings.edit}
          </button>
        )}
        {connection.kind === EDITABLE && (
          <>
            {connection.keyHint !== undefined && (
              <button type="button" className="button" onClick={() => void removeKey()}>
                {texts.settings.removeKey}
              </button>
            )}
            {asking ? (
              <>
                <span className="faint">{texts.settings.removeConfirm(name)}</span>
                <button type="button" className="button danger" onClick={() => void remove()}>
                  {texts.remove}
                </button>
                <button type="button" className="button" onClick={() => setAsking(false)}>
                  {texts.cancel}
                </button>
              </>
            ) : (
              <button type="button" className="button danger" onClick={() => setAsking(true)}>
                {texts.settings.removeConnection}
              </button>
            )}
          </>
        )}
      </div>
      {probing && <ProbePanel connection={connection} onChanged={onChanged} />}
    </>
  );
}
