import type { EventData } from "../../api/types";
import { flag, number, record, records, text, texts } from "../fields";
import type { Artifact, Imported } from "../view";
import { spend, usageOf } from "./answers";
import type { Handler } from "./draft";

/** What users and RunGPT say, and the turns that follow. */
export const MESSAGES: Readonly<Record<string, Handler>> = {
  "message.user": (draft, data, at, seq) => {
    const id = text(data, "message");
    if (id !== undefined) {
      const attachments = records(data, "attachments").map(artifactOf);
      draft.put({ kind: "user", id, seq, at, text: text(data, "text") ?? "", attachments, calls: [] });
    }
  },
  "message.imported": (draft, data) => {
    const id = text(data, "message");
    if (id !== undefined) {
      draft.put({ kind: "imported", id, role: roleOf(text(data, "role")), text: text(data, "text") ?? "" });
    }
  },
  "message.notice": (draft, data) => {
    const id = text(data, "message");
    if (id !== undefined) {
      draft.put({ kind: "notice", id, text: text(data, "text") ?? "" });
    }
    for (const call of texts(data, "elsewhere")) {
      draft.call({ call }, (one) => ({ ...one, state: "elsewhere" }));
    }
  },
  "turn.started": (draft, data, at) => {
    const id = text(data, "turn");
    if (id !== undefined) {
      draft.begin({ id, at, stopping: false });
    }
  },
  "turn.stopping": (draft, data, at) => {
    const id = text(data, "turn");
    if (id !== undefined) {
      draft.begin({ id, at, stopping: true });
    }
  },
  "turn.finished": (draft, data) => {
    const id = text(data, "turn");
    if (id !== undefined) {
      const reason = text(data, "reason") ?? "done";
      draft.end({ id, reason, detail: text(data, "detail"), canContinue: flag(data, "canContinue") });
    }
  },
  "context.shortened": (draft, data, _, seq) =>
    draft.put({
      kind: "shortened",
      id: `shortened-${seq}`,
      calls: texts(data, "calls"),
      tokens: number(data, "tokens"),
      room: number(data, "room"),
    }),
  "context.summarised": (draft, data, _, seq) => {
    const usage = usageOf(record(data, "usage"));
    if (usage) {
      spend(draft, usage);
    }
    draft.put({
      kind: "summarised",
      id: `summarised-${seq}`,
      messages: number(data, "messages") ?? 0,
      text: text(data, "text") ?? "",
    });
  },
  "workspace.reverted": (draft, data, _, seq) =>
    draft.put({
      kind: "reverted",
      id: text(data, "revert") ?? `reverted-${seq}`,
      call: text(data, "call") ?? "",
      files: texts(data, "files"),
    }),
  "grant.changed": (draft, _, __, seq) => draft.permitted(seq),
  "policy.changed": (draft, _, __, seq) => draft.permitted(seq),
  "budget.changed": (draft, _, __, seq) => draft.permitted(seq),
};

export function artifactOf(data: EventData): Artifact {
  return {
    id: text(data, "artifact") ?? "",
    name: text(data, "name") ?? "",
    mediaType: text(data, "mediaType") ?? "application/octet-stream",
    size: number(data, "size") ?? 0,
  };
}

function roleOf(role: string | undefined): Imported["role"] {
  return role === "system" || role === "assistant" ? role : "user";
}
