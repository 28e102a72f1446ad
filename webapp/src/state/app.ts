import { ApiClient, wait } from "../api/client";
import { artifactUrl } from "../chat/artifactUrl";
import { fileAt, type Upload } from "../chat/attach";
import type { UserMessage } from "../chat/view";
import { Conversation } from "./conversation";
import { Conversations } from "./conversations";
import { moveDraftFiles, setDraftFiles } from "./draftFiles";
import { paced } from "./pace";
import { Resource } from "./resource";
import { Router } from "./router";
import { remember, remembered } from "./theme";
import { dismiss, report, tell } from "./toasts";
import { forgetUnsent, unsent } from "./unsent";
import { texts } from "../texts";

/** How many conversations stay in memory, so that going back to one shows it at once. */
const KEPT = 6;
/** A page that nobody sees gives its connections back after a while; a browser has six for a server. */
const HIDDEN_MILLIS = 20_000;
const STATUS_MILLIS = 20_000;
const UNDO_MILLIS = 6000;
/** An answer is drawn anew twenty times a second at most, however fast it comes. */
const UPDATE_MILLIS = 50;

export const client = new ApiClient({
  fetch: (url, init) => fetch(url, init),
  wait,
  toLogin: () => location.assign("/login"),
});

export const router = new Router();
export const conversations = new Conversations(client, (id) => open.get(id)?.gone());
export const status = new Resource(() => client.call("get", "/api/status", {}));
export const models = new Resource(() => client.call("get", "/api/models", {}));
export const connections = new Resource(() => client.call("get", "/api/connections", {}));
export const actions = new Resource(() => client.call("get", "/api/actions", {}));

const open = new Map<string, Conversation>();

/** The conversation with this id, from memory if it was shown lately. */
export function conversation(id: string): Conversation {
  const known = open.get(id) ?? new Conversation(client, id, paced(UPDATE_MILLIS));
  open.delete(id);
  open.set(id, known);
  // Nobody else has the files of what could not be sent.
  const spare = [...open.values()].filter((one) => one !== known && one.get().pending.length === 0);
  for (const old of spare.slice(0, Math.max(0, open.size - KEPT))) {
    old.close();
    open.delete(old.id);
  }
  return known;
}

/**
 * Begins a conversation with a first message.
 *
 * @param taken called with its id before it is shown: from then on it keeps the message, also if it cannot be sent
 */
export async function begin(text: string, uploads: readonly Upload[], model: string | undefined, taken?: (by: string) => void): Promise<void> {
  const made = await conversations.create(model);
  const begun = conversation(made.id);
  taken?.(made.id);
  router.go({ conversation: made.id });
  await begun.send(text, uploads);
}

/** Says a message anew, changed or not: in a version of the conversation that leaves before it. */
export async function resend(from: Conversation, message: UserMessage, text: string): Promise<void> {
  const uploads = await Promise.all(
    message.attachments.map((file) => fileAt(artifactUrl(from.ownerOf(message.seq), file.id), file.name)),
  );
  const place = from.placeOf(message);
  const made = await conversations.branch(place.conversation, place.at);
  const version = conversation(made.id);
  router.go({ conversation: made.id });
  await version.send(text, uploads);
}

/** What the user may still take back; it is done at once when the page ends. */
const undoable = new Set<() => void>();

/** Deletes a conversation with all its versions, unless the user takes it back in time. */
export async function deleteSoon(id: string, title: string): Promise<void> {
  const family = await conversations.family(id);
  conversations.leave(family, true);
  if (family.includes(router.get().conversation ?? "")) {
    router.go({ conversation: undefined });
  }
  const settled = () => {
    clearTimeout(timer);
    undoable.delete(now);
    dismiss(toast);
  };
  const now = () => {
    settled();
    conversations.delete(id, family).catch((error: unknown) => {
      conversations.leave(family, false);
      report(error);
    });
    family.forEach((one) => {
      setDraft(one, "");
      setDraftFiles(one, []);
      forgetUnsent(one, () => true);
    });
  };
  const timer = setTimeout(now, UNDO_MILLIS);
  undoable.add(now);
  const toast = tell(texts.sidebar.deleted(title, family.length), {
    label: texts.undo,
    run: () => {
      settled();
      conversations.leave(family, false);
    },
  });
}

const draftKey = (id: string | undefined) => `rungpt.draft.${id ?? "new"}`;

export function draft(id: string | undefined): string {
  return remembered(draftKey(id)) ?? "";
}

export function setDraft(id: string | undefined, text: string): void {
  remember(draftKey(id), text === "" ? undefined : text);
}

/** Goes to a new conversation with what was written in one that is gone, sent or not. */
export function goOnFrom(gone: string): void {
  const left = [draft(undefined), ...unsent(gone).map((message) => message.text), draft(gone)];
  setDraft(undefined, left.filter((text) => text !== "").join("\n\n"));
  setDraft(gone, "");
  moveDraftFiles(gone, undefined);
  forgetUnsent(gone, () => true);
  router.go({ conversation: undefined });
}

/** Starts what runs while the page is open. */
export function start(): void {
  conversations.open();
  void status.reload();
  void models.reload();
  void actions.reload();
  setInterval(() => {
    if (!document.hidden) {
      void status.reload();
    }
  }, STATUS_MILLIS);
  let hiding: ReturnType<typeof setTimeout> | undefined;
  document.addEventListener("visibilitychange", () => {
    clearTimeout(hiding);
    const shown = router.get().conversation;
    if (document.hidden) {
      hiding = setTimeout(() => {
        conversations.pause();
        open.forEach((one) => one.close());
      }, HIDDEN_MILLIS);
    } else {
      conversations.open();
      void status.reload();
      void models.reload();
      if (shown !== undefined) {
        void conversation(shown).open();
      }
    }
  });
  addEventListener("pagehide", () => undoable.forEach((now) => now()));
  addEventListener("online", () => {
    conversations.nudge();
    open.forEach((one) => one.nudge());
  });
}
