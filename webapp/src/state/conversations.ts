import type { ApiClient, ApiError } from "../api/client";
import { type Link, LiveStream } from "../api/stream";
import type { ConversationInfo } from "../api/types";
import { asApiError } from "./resource";
import { Store } from "./store";

export interface ConversationList {
  /** The most recently updated first. */
  readonly list: readonly ConversationInfo[];
  readonly loaded: boolean;
  readonly more: boolean;
  readonly link: Link;
  readonly error: ApiError | undefined;
  /** Those that the user deleted and may still bring back. */
  readonly leaving: ReadonlySet<string>;
}

/** Where a version leaves. */
export type BranchPoint = { readonly message: string } | { readonly seq: number };

const PAGE = 200;

/** The list of conversations, live. */
export class Conversations extends Store<ConversationList> {
  private readonly stream: LiveStream;
  /** For each reading of the list what was told meanwhile, which it may not know yet; undefined: it was deleted. */
  private readonly readings = new Set<Map<string, ConversationInfo | undefined>>();

  constructor(
    private readonly client: ApiClient,
    /** Told of those that were deleted, here or elsewhere. */
    private readonly onDeleted: (id: string) => void = () => undefined,
  ) {
    super({ list: [], loaded: false, more: false, link: "connecting", error: undefined, leaving: new Set() });
    this.stream = new LiveStream(client, "/api/events", {
      event: (event) => this.changed(event),
      link: (link) => {
        this.update((before) => ({ ...before, link }));
        if (link === "live") {
          void this.reload();
        }
      },
      failed: (error) => this.update((before) => ({ ...before, error })),
    });
  }

  open(): void {
    this.stream.open();
  }

  pause(): void {
    this.stream.close("paused");
  }

  nudge(): void {
    this.stream.nudge();
  }

  find(id: string): ConversationInfo | undefined {
    return this.get().list.find((conversation) => conversation.id === id);
  }

  /** Reads the list anew; the stream tells changes only. */
  async reload(): Promise<void> {
    const told = new Map<string, ConversationInfo | undefined>();
    this.readings.add(told);
    try {
      const [{ conversations }, pinned] = await Promise.all([
        this.client.call("get", "/api/conversations", { query: { limit: PAGE } }),
        this.client.call("get", "/api/conversations", { query: { show: "pinned", limit: PAGE } }),
      ]);
      const read = ordered([...conversations, ...pinned.conversations]);
      this.update((before) => ({
        ...before,
        list: ordered([...withTold(read, told), ...read.filter((one) => !told.has(one.id))]),
        loaded: true,
        more: conversations.length === PAGE,
        error: undefined,
      }));
    } catch (error) {
      this.update((before) => ({ ...before, error: asApiError(error) }));
    } finally {
      this.readings.delete(told);
    }
  }

  async older(): Promise<void> {
    const last = this.get().list.findLast((one) => !one.pinned);
    if (!last) {
      return;
    }
    const { conversations } = await this.client.call("get", "/api/conversations", {
      query: { limit: PAGE, before: last.updated },
    });
    this.update((before) => ({
      ...before,
      list: ordered([...before.list, ...conversations]),
      more: conversations.length === PAGE,
    }));
  }

  /** Reads those with a tag, however old they are. */
  async tagged(tag: string): Promise<void> {
    const { conversations } = await this.client.call("get", "/api/conversations", { query: { tag, limit: PAGE } });
    this.update((before) => ({ ...before, list: ordered([...conversations, ...before.list]) }));
  }

  /** A conversation with all its versions, of which the list may show none. */
  async family(id: string): Promise<string[]> {
    const { conversations } = await this.client.call("get", "/api/conversations/{id}/branches", { path: { id } });
    return conversations.map((one) => one.id);
  }

  /** Reads its labels: what has just been made was told without. */
  async readLabels(id: string): Promise<void> {
    const { conversations } = await this.client.call("get", "/api/conversations/{id}/branches", { path: { id } });
    conversations.filter((one) => one.id === id).forEach((one) => this.put(one));
  }

  /** Pins, archives or tags it with all its versions; what is left out stays. */
  async label(id: string, labels: { pinned?: boolean; archived?: boolean; tags?: readonly string[] }): Promise<void> {
    for (const one of await this.family(id)) {
      this.put(await this.client.call("put", "/api/conversations/{id}/labels", { path: { id: one }, body: labels }));
    }
  }

  /** Makes a version of a conversation that leaves before a message, or after an event. */
  async branch(id: string, at: BranchPoint): Promise<ConversationInfo> {
    const made = await this.client.call("post", "/api/conversations/{id}/branches", { path: { id }, body: at });
    this.put(made);
    return made;
  }

  async create(model: string | undefined): Promise<ConversationInfo> {
    const made = await this.client.call("post", "/api/conversations", { body: model === undefined ? {} : { model } });
    this.put(made);
    return made;
  }

  async change(id: string, change: { title?: string; model?: string; protocol?: string }): Promise<void> {
    this.put(await this.client.call("patch", "/api/conversations/{id}", { path: { id }, body: change }));
  }

  /** Hides conversations that will be deleted soon, or shows them again. */
  leave(ids: readonly string[], leaving: boolean): void {
    this.update((before) => {
      const set = new Set(before.leaving);
      ids.forEach((id) => (leaving ? set.add(id) : set.delete(id)));
      return { ...before, leaving: set };
    });
  }

  /** Deletes a conversation with all its versions; the request is sent also if the page ends now. */
  async delete(id: string, family: readonly string[]): Promise<void> {
    await this.client.call("delete", "/api/conversations/{id}", { path: { id }, query: { versions: true }, keepalive: true });
    family.forEach((one) => this.drop(one));
    this.leave(family, false);
  }

  private changed(event: unknown): void {
    const { type, data } = event as { type?: unknown; data?: unknown };
    if (type === "conversation" && isConversation(data)) {
      this.put(data);
    } else if (type === "deleted" && typeof (data as { id?: unknown } | undefined)?.id === "string") {
      const { id } = data as { id: string };
      this.drop(id);
      this.onDeleted(id);
    }
  }

  private put(conversation: ConversationInfo): void {
    // What has just been made is told without labels.
    this.update((before) => {
      const known = before.list.find((one) => one.id === conversation.id);
      const now = { ...known, ...conversation };
      this.readings.forEach((told) => told.set(now.id, now));
      return { ...before, list: ordered([now, ...before.list]) };
    });
  }

  private drop(id: string): void {
    this.readings.forEach((told) => told.set(id, undefined));
    this.update((before) => ({ ...before, list: before.list.filter((conversation) => conversation.id !== id) }));
  }
}

function isConversation(data: unknown): data is ConversationInfo {
  const { id, title, updated } = (data ?? {}) as Record<string, unknown>;
  return typeof id === "string" && typeof title === "string" && typeof updated === "string";
}

/** What was told of conversations, with the labels that were read if they were not told. */
function withTold(read: readonly ConversationInfo[], told: ReadonlyMap<string, ConversationInfo | undefined>): ConversationInfo[] {
  return [...told.values()].flatMap((now) => (now ? [{ ...read.find((one) => one.id === now.id), ...now }] : []));
}

/** The first of each id, the most recently updated first. */
function ordered(list: readonly ConversationInfo[]): ConversationInfo[] {
  const byId = new Map<string, ConversationInfo>();
  for (const conversation of list) {
    if (!byId.has(conversation.id)) {
      byId.set(conversation.id, conversation);
    }
  }
  return [...byId.values()].sort((a, b) => Date.parse(b.updated) - Date.parse(a.updated));
}
