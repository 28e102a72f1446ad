import { Download } from "lucide-react";
import { useEffect, useState } from "react";
import type { ApiError } from "../api/client";
import type { EventData } from "../api/types";
import { client } from "../state/app";
import { asApiError } from "../state/resource";
import { texts } from "../texts";
import { Dialog } from "../ui/Dialog";
import { PlainText } from "../ui/PlainText";
import { duration } from "../ui/time";
import { Arguments } from "./Arguments";
import { bytes } from "./attach";
import { flag, number, record, records, text, texts as textsOf } from "./fields";
import type { Spent } from "./view";

interface Props {
  readonly conversation: string;
  readonly message: string;
  /** What the whole conversation took. */
  readonly spent: Spent;
  readonly onClose: () => void;
}

/** What stands behind an answer. */
export function ReceiptDialog({ conversation, message, spent, onClose }: Props) {
  const [receipt, setReceipt] = useState<EventData>();
  const [error, setError] = useState<ApiError>();
  useEffect(() => {
    let current = true;
    client
      .call("get", "/api/conversations/{id}/messages/{message}/receipt", { path: { id: conversation, message }, exact: true })
      .then((found) => current && setReceipt(found as unknown as EventData))
      .catch((failure: unknown) => current && setError(asApiError(failure)));
    return () => {
      current = false;
    };
  }, [conversation, message]);
  const url = `/api/conversations/${encodeURIComponent(conversation)}/messages/${encodeURIComponent(message)}/receipt`;
  return (
    <Dialog title={texts.receipt.title} onClose={onClose} className="sheet">
      <div className="dialog-content receipt">
        {error && (
          <p className="test bad" role="alert">
            {error.message}
          </p>
        )}
        {!receipt && !error && (
          <p className="faint" role="status">
            {texts.loading}
          </p>
        )}
        {receipt && (
          <>
            <Totals receipt={receipt} spent={spent} />
            <h3>{texts.receipt.calls}</h3>
            {records(receipt, "calls").length === 0 && <p className="faint">{texts.receipt.noCalls}</p>}
            <ol className="receipt-calls">
              {records(receipt, "calls").map((call, index) => (
                <ReceiptCall key={index} call={call} />
              ))}
            </ol>
            <div className="connection-buttons">
              <a className="button" href={`${url}?format=markdown`} download={`receipt-${message}.md`}>
                <Download aria-hidden />
                {texts.receipt.markdown}
              </a>
              <a className="button" href={url} download={`receipt-${message}.json`}>
                <Download aria-hidden />
                {texts.receipt.json}
              </a>
            </div>
          </>
        )}
      </div>
    </Dialog>
  );
}

function Totals({ receipt, spent }: { readonly receipt: EventData; readonly spent: Spent }) {
  const tokens = record(receipt, "tokens");
  const began = text(receipt, "began");
  const ended = text(receipt, "ended");
  const reasons: Readonly<Record<string, string>> = texts.turnEnd;
  const reason = text(receipt, "reason");
  const models = [...new Set(records(receipt, "answers").map((answer) => text(answer, "model") ?? ""))];
  const rows: readonly (readonly [string, string | undefined])[] = [
    [texts.receipt.model, models.join(", ")],
    [texts.receipt.asked, texts.receipt.times(records(receipt, "answers").length)],
    [texts.receipt.tokens, tokens && texts.chat.tokens(number(tokens, "input") ?? 0, number(tokens, "output") ?? 0, flag(tokens, "estimated"))],
    [texts.receipt.cost, dollars(number(receipt, "cost"))],
    [texts.receipt.time, began !== undefined && ended !== undefined ? duration(Date.parse(ended) - Date.parse(began)) : undefined],
    [texts.receipt.ended, reason === undefined || reason === "done" ? undefined : [reasons[reason] ?? texts.turnEnd.other, text(receipt, "detail")].join(" ")],
    [texts.receipt.leftOut, textsOf(receipt, "leftOut").join("; ") || undefined],
    [
      texts.receipt.conversation,
      [texts.chat.tokens(spent.input, spent.output, spent.estimated), dollars(spent.cost), texts.receipt.ofCalls(spent.calls)]
        .filter((part) => part !== undefined)
        .join(", "),
    ],
  ];
  return (
    <dl className="receipt-totals">
      {rows.map(
        ([name, value]) =>
          value !== undefined &&
          value !== "" && (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <PlainText text={value} />
              </dd>
            </div>
          ),
      )}
    </dl>
  );
}

export function dollars(cost: number | undefined): string | undefined {
  return cost === undefined ? undefined : cost === 0 ? "$0" : cost < 0.01 ? `$${cost.toPrecision(2)}` : `$${cost.toFixed(2)}`;
}

function ReceiptCall({ call }: { readonly call: EventData }) {
  const states: Readonly<Record<string, string>> = texts.call.state;
  const status = text(call, "status") ?? "working";
  const approval = record(call, "approval");
  const millis = number(call, "durationMillis");
  const hash = text(call, "contentHash")?.replace(/^sha256:/, "").slice(0, 12);
  return (
    <li className="receipt-call">
      <p className="approval-task">
        <code>
          <PlainText text={text(call, "task") ?? ""} />
        </code>
        <span className={`badge state-${status}`}>{states[status] ?? status}</span>
        {millis !== undefined && <span className="faint">{duration(millis)}</span>}
        {number(call, "exit") !== undefined && <span className="faint">{texts.call.exit(number(call, "exit") ?? 0)}</span>}
      </p>
      <p className="faint">
        <PlainText text={[text(call, "action"), text(call, "version"), hash].filter((part) => part !== undefined).join(" ")} />
        {" · "}
        {text(call, "by") === "user" ? texts.receipt.byUser : texts.receipt.byModel}
        {approval && ` · ${decision(approval)}`}
      </p>
      <Arguments value={call["arguments"]} />
      {record(call, "argumentsOfTheModel") && (
        <details className="receipt-original">
          <summary>{texts.receipt.original}</summary>
          <Arguments value={call["argumentsOfTheModel"]} />
        </details>
      )}
      <Things title={texts.receipt.hosts} list={records(call, "hosts").map(host)} />
      <Things title={texts.receipt.files} list={records(call, "files").map((file) => `${text(file, "path") ?? ""} (${text(file, "kind") ?? ""})`)} />
      <Things
        title={texts.call.artifacts}
        list={records(call, "artifacts").map((file) => `${text(file, "name") ?? ""} (${bytes(number(file, "size") ?? 0)})`)}
      />
    </li>
  );
}

function Things({ title, list }: { readonly title: string; readonly list: readonly string[] }) {
  return list.length === 0 ? null : (
    <div className="receipt-things">
      <p className="faint">{title}</p>
      <ul>
        {list.map((one, index) => (
          <li key={index}>
            <code>
              <PlainText text={one} />
            </code>
          </li>
        ))}
      </ul>
    </div>
  );
}

function host(data: EventData): string {
  const place = `${text(data, "host") ?? ""}:${number(data, "port") ?? 0}`;
  return flag(data, "allowed")
    ? texts.receipt.reached(place, number(data, "connections") ?? 1, bytes(number(data, "sent") ?? 0), bytes(number(data, "received") ?? 0))
    : texts.receipt.refused(place);
}

function decision(approval: EventData): string {
  const byUser = text(approval, "by") === "user";
  if (text(approval, "decision") !== "allow") {
    return texts.call.deniedBecause(text(approval, "reason") ?? (byUser ? texts.receipt.byYou : texts.receipt.byPolicy));
  }
  const scopes: Readonly<Record<string, string>> = texts.call.allowedBy;
  return (byUser ? scopes[text(approval, "scope") ?? "once"] : scopes["policy"]) ?? texts.call.allowedBy.once;
}
