import { useEffect, useState } from "react";
import type { ApiError } from "../api/client";
import type { Connection, Probe } from "../api/types";
import { client, models } from "../state/app";
import { asApiError } from "../state/resource";
import { useStore } from "../state/store";
import { sentences } from "../text/sentences";
import { texts } from "../texts";
import { duration } from "../ui/time";
import { bodyOf, detailsOf } from "./connectionDetails";

const POLL_MILLIS = 700;

/** Finds out by which protocol a model calls better, with figures. */
export function ProbePanel({ connection, onChanged }: { readonly connection: Connection; readonly onChanged: () => void }) {
  const { name } = connection;
  const { data } = useStore(models);
  const list = (data?.models ?? []).filter((one) => one.connection === name).map((one) => one.id.slice(name.length + 1));
  const [chosen, setChosen] = useState<string>();
  const [probe, setProbe] = useState<Probe>();
  const [error, setError] = useState<ApiError>();
  const model = chosen ?? list[0] ?? "";

  useEffect(() => {
    setProbe(undefined);
    let current = true;
    if (model !== "") {
      client
        .call("get", "/api/connections/{name}/probe", { path: { name }, query: { model } })
        .then((found) => current && setProbe(found))
        // Nothing was probed yet.
        .catch(() => undefined);
    }
    return () => {
      current = false;
    };
  }, [name, model]);

  useEffect(() => {
    if (probe?.state !== "running") {
      return;
    }
    const timer = setTimeout(() => {
      client
        .call("get", "/api/connections/{name}/probe", { path: { name }, query: { model } })
        .then(setProbe)
        .catch((failure: unknown) => setError(asApiError(failure)));
    }, POLL_MILLIS);
    return () => clearTimeout(timer);
  }, [probe, name, model]);

  const run = (task: Promise<unknown>) => task.then(() => setError(undefined)).catch((failure: unknown) => setError(asApiError(failure)));
  const start = () => run(client.call("post", "/api/connections/{name}/probe", { path: { name }, body: { model } }).then(setProbe));
  const cancel = () => run(client.call("delete", "/api/connections/{name}/probe", { path: { name }, query: { model } }));
  const use = (protocol: string) =>
    run(
      client
        .call("put", "/api/connections/{name}", {
          path: { name },
          body: bodyOf({ ...detailsOf(connection), protocol }, { kind: connection.kind, baseUrl: connection.baseUrl }),
        })
        .then(onChanged),
    );

  return (
    <div className="probe">
      <p className="faint">{texts.connection.probeText}</p>
      <div className="inline-form">
        <select className="input" aria-label={texts.connection.probeModel} value={model} onChange={(event) => setChosen(event.target.value)}>
          {list.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
        {probe?.state === "running" ? (
          <button type="button" className="button" onClick={() => void cancel()}>
            {texts.connection.probeCancel}
          </button>
        ) : (
          <button type="button" className="button" disabled={model === ""} onClick={() => void start()}>
            {texts.connection.probeStart}
          </button>
        )}
      </div>
      {error && (
        <p className="test bad" role="alert">
          {sentences(error.message, error.remedy)}
        </p>
      )}
      {probe && (
        <>
          <p role="status" className="faint">
            {probe.state === "running" ? texts.connection.probing(probe.done, probe.total) : texts.connection.probeStates[probe.state]}
            {probe.problem != null && ` · ${probe.problem}`}
          </p>
          {probe.state === "running" && <progress value={probe.done} max={probe.total} aria-label={texts.connection.probe} />}
          {probe.scores.length > 0 && (
            <table className="scores">
              <thead>
                <tr>
                  {(["protocol", "valid", "right", "tokens", "millis"] as const).map((column) => (
                    <th key={column} scope="col">
                      {texts.connection.columns[column]}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {probe.scores.map((score) => (
                  <tr key={score.protocol} className={score.protocol === probe.better ? "better" : undefined}>
                    <th scope="row">{score.protocol}</th>
                    <td>
                      {score.valid}/{score.tasks}
                    </td>
                    <td>
                      {score.right}/{score.tasks}
                    </td>
                    <td>{score.tokens?.toLocaleString("en")}</td>
                    <td>{score.millis !== undefined && duration(score.millis)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
          {probe.state === "done" && (
            <p className="probe-end">
              {probe.better == null ? texts.connection.probeSame : texts.connection.probeBetter(probe.better)}{" "}
              {probe.better != null && connection.protocol !== probe.better && connection.kind === "openai" && (
                <button type="button" className="button small" onClick={() => void use(probe.better ?? "")}>
                  {texts.connection.probeUse(probe.better)}
                </button>
              )}
            </p>
          )}
        </>
      )}
    </div>
  );
}
