import { ChevronRight, TriangleAlert } from "lucide-react";
import { useEffect } from "react";
import type { ActionInfo } from "../api/types";
import { isRecord, text, texts as textsOf } from "../chat/fields";
import { actions } from "../state/app";
import { useStore } from "../state/store";
import { texts } from "../texts";
import { PlainText } from "../ui/PlainText";

export function ActionsSection() {
  const { data, error } = useStore(actions);
  useEffect(() => void actions.reload(), []);
  return (
    <>
      <p className="faint">{texts.settings.actionsText}</p>
      {error && <p role="alert">{error.message}</p>}
      {data?.actions.length === 0 && <p className="faint">{texts.settings.noActions}</p>}
      <ul className="actions">
        {data?.actions.map((action) => (
          <li key={action.id}>
            <Action action={action} />
          </li>
        ))}
        {data?.rejections.map((rejection) => (
          <li key={`${rejection.id}@${rejection.version}`} className="action rejected">
            <p className="action-title">
              <TriangleAlert aria-hidden />
              <PlainText text={`${rejection.id} ${rejection.version}`} /> <span className="badge failed">{texts.settings.rejected}</span>
            </p>
            <ul>
              {rejection.problems.map((problem, index) => (
                <li key={index}>
                  <PlainText text={problem} />
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ul>
    </>
  );
}

function Action({ action }: { readonly action: ActionInfo }) {
  return (
    <details className="action">
      <summary>
        <ChevronRight aria-hidden className="chevron" />
        <span className="action-title">
          <code>
            <PlainText text={action.alias} />
          </code>
          <span>
            <PlainText text={action.title} />
          </span>
        </span>
        <span className="action-facts">
          {action.builtIn && <span className="badge quiet">{texts.settings.builtIn}</span>}
          <span className="badge quiet">
            <PlainText text={action.version} />
          </span>
          <span className="faint">{texts.settings.tasks(action.tasks.length)}</span>
        </span>
      </summary>
      <p>
        <PlainText text={action.description} />
      </p>
      <p className="faint">
        <PlainText text={action.id} />
        {action.commit !== undefined && ` · ${action.commit.slice(0, 12)}`}
      </p>
      <Asks action={action} />
      <ul className="tasks">
        {action.tasks.map((task) => (
          <li key={task.name}>
            <p>
              <code>
                <PlainText text={`${action.alias}.${task.name}`} />
              </code>{" "}
              <span className={`badge effects-${task.effects}`}>{texts.call.effects[task.effects] ?? task.effects}</span>
            </p>
            <p className="faint">
              <PlainText text={task.description} />
            </p>
            <Parameters schema={task.parameters} />
          </li>
        ))}
      </ul>
    </details>
  );
}

/** What a third party's action asks for; what came with RunGPT runs in the workspace, whose grants are the conversation's. */
function Asks({ action: { asks, builtIn } }: { readonly action: ActionInfo }) {
  if (builtIn) {
    return null;
  }
  const { network, secrets, shares, sidecars, workspace } = asks;
  const lines = [
    ...network.map((host) => [texts.approval.network, host, ""]),
    ...secrets.map((secret) => [texts.approval.secret, secret.name, texts.approval.secretFor(secret.hosts.join(", "))]),
    ...shares.map((share) => [
      texts.approval.share,
      share.name,
      [share.writable ? texts.approval.readWrite : texts.approval.readOnly, share.why].filter((part) => part).join(" · "),
    ]),
    ...sidecars.map((image) => [texts.approval.sidecar, image, ""]),
    ...(workspace ? [[texts.approval.workspace, "", ""]] : []),
  ] as const;
  return lines.length === 0 ? (
    <p className="faint">{texts.settings.asksNothing}</p>
  ) : (
    <div className="asks">
      <p>{texts.settings.asks}</p>
      <ul>
        {lines.map(([what, name = "", more = ""], index) => (
          <li key={index}>
            {what}{" "}
            {name !== "" && (
              <code>
                <PlainText text={name} />
              </code>
            )}{" "}
            {more !== "" && (
              <span className="faint">
                <PlainText text={more} />
              </span>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Parameters({ schema }: { readonly schema: unknown }) {
  if (!isRecord(schema) || !isRecord(schema["properties"])) {
    return null;
  }
  const required = textsOf(schema, "required");
  return (
    <dl className="parameters">
      {Object.entries(schema["properties"]).map(([name, property]) => (
        <div key={name}>
          <dt>
            <PlainText text={name} />
          </dt>
          <dd>
            {isRecord(property) && <span className="faint">{text(property, "type")}</span>}
            {required.includes(name) && <span className="faint"> · {texts.settings.required}</span>}{" "}
            {isRecord(property) && <PlainText text={text(property, "description") ?? ""} />}
          </dd>
        </div>
      ))}
    </dl>
  );
}
