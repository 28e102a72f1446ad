import { type ApiClient, ApiError } from "../api/client";
import { type Link, LiveStream } from "../api/stream";
import type { Access, ConversationInfo, LogEvent } from "../api/types";
import type { Upload } from "../chat/attach";
import { isRecord } from "../chat/fields";
import { applyEvents } from "../chat/reduce";
import { NOTHING, type UserMessage, type View } from "../chat/view";
import { texts } from "../texts";
import type { BranchPoint } from "./conversations";
import { asApiError } from "./resource";
import { Store } from "./store";
import { report } from "./toasts";
import { forgetUnsent, keepUnsent, type Unsent, unsent } from "./unsent";

/** A message that the server has not told of yet. */
export interface Pending {
  readonly id: string;
  readonly text: string;
  readonly uploads: readonly Upload[];
  readonly error: ApiError | undefined;
}

export interface OpenConversation {
  readonly view: View;
  readonly loaded: boolean;
  readonly link: Link;
  readonly pending: readonly Pending[];
  /** What a page that has ended could not send. */
  readonly returned: readonly Unsent[];
  /** It, what it came from, and all versions of those. */
  readonly family: readonly ConversationInfo[];
  /** Why it cannot be shown. */
  readonly error: ApiError | undefined;
}

export interface Decision {
  readonly decision: "allow" | "deny";
  readonly scope: "once" | "conversation" | "always";
  readonly reason?: string;
  /** The approval that was shown. */
  readonly approval?: string;
  /** The arguments as the user changed them. */
  readonly arguments?: Readonly<Record<string, unknown>>;
  readonly grant?: Access;
}

/** The most that the server gives at once. */
const PAGE = 10_000;

/** One conversation that is open: its log so far, then what happens. */
export class Conversation extends Store<OpenConversation> {
  private readonly stream: LiveStream;
  private queue: LogEvent[] = [];
  private opened = false;

  constructor(
    private readonly client: ApiClient,
    readonly id: string,
    /** Runs soon, so that a burst of events is one change. */
    private readonly soon: (task: () => void) => void,
  ) {
    super({ view: NOTHING, loaded: false, link: "connecting", pending: [], returned: [], family: [], error: undefined });
    this.stream = new LiveStream(client, `/api/conversations/${encodeURIComponent(id)}/events`, {
      event: (event) => this.arrived(event),
      link: (link) => this.update((before) => ({ ...before, link, error: link === "live" ? undefined : before.error })),
      failed: (error) => this.update((before) => ({ ...before, error })),
      after: () => this.get().view.seq,
    });
  }

  async open(): Promise<void> {
    if (this.opened) {
      return;
    }
    this.opened = true;
    try {
      await Promise.all([this.readFamily(), this.readLog()]);
      const { view, pending } = this.get();
      forgetUnsent(this.id, (message) => view.messages.has(message));
      const returned = unsent(this.id).filter(({ id }) => !pending.some((message) => message.id === id));
      this.update((before) => withoutArrived({ ...before, loaded: true, returned, error: undefined }));
    } catch (error) {
      const failed = asApiError(error);
      if (failed.status >= 400 && failed.status < 500) {
        this.opened = false;
        this.update((before) => ({ ...before, error: failed }));
        return;
      }
    }
    if (this.opened) {
      this.stream.open();
    }
  }

  close(): void {
    this.opened = false;
    this.stream.close("paused");
  }

  /** It was deleted. */
  gone(): void {
    this.close();
    this.update((before) => ({ ...before, error: new ApiError(404, "not_found", texts.chat.deletedTitle) }));
  }

  nudge(): void {
    this.stream.nudge();
  }

  async send(text: string, uploads: readonly Upload[] = [], id: string = messageId()): Promise<void> {
    this.update((before) => ({
      ...before,
      pending: [...before.pending.filter((other) => other.id !== id), { id, text, uploads, error: undefined }],
    }));
    keepUnsent(this.id, { id, text });
    try {
      const attachments = uploads.map(({ name, data }) => ({ name, data }));
      await this.client.call("post", "/api/conversations/{id}/messages", {
        path: { id: this.id },
        body: { text, id, ...(attachments.length > 0 ? { attachments } : {}) },
      });
      forgetUnsent(this.id, (message) => message === id);
    } catch (error) {
      this.update((before) => ({
        ...before,
        pending: before.pending.map((other) => (other.id === id ? { ...other, error: asApiError(error) } : other)),
      }));
    }
  }

  /** The user has what was returned, to send it or not. */
  readonly tookBack = (): void => {
    const { returned } = this.get();
    forgetUnsent(this.id, (message) => returned.some(({ id }) => id === message));
    this.update((before) => ({ ...before, returned: [] }));
  };

  async stop(): Promise<void> {
    await this.client.call("post", "/api/conversations/{id}/stop", { path: { id: this.id } });
  }

  readonly goOnOrReport = (): void => void this.goOn().catch(report);

  async goOn(): Promise<void> {
    await this.client.call("post", "/api/conversations/{id}/continue", { path: { id: this.id } });
  }

  async decide(call: string, decision: Decision): Promise<void> {
    await this.client.call("post", "/api/conversations/{id}/calls/{call}/approval", {
      path: { id: this.id, call },
      body: decision,
    });
  }

  readonly decideCall = (call: string, decision: Decision): Promise<void> => this.decide(call, decision);

  async cancel(call: string): Promise<void> {
    await this.client.call("post", "/api/conversations/{id}/calls/{call}/cancel", { path: { id: this.id, call } });
  }

  /** The conversation that keeps the files of an event: a version shares the beginning of what it came from. */
  ownerOf(seq: number): string {
    const { family } = this.get();
    let owner = this.id;
    for (let steps = 0; steps <= family.length; steps++) {
      const origin = family.find((one) => one.id === owner)?.origin;
      if (!origin || seq > origin.seq) {
        break;
      }
      owner = origin.conversation;
    }
    return owner;
  }

  /**
   * Where another version of a message leaves. A message that this version began with has its place in what this one came from:
   * there all versions of it leave together, and what the model was told of this one is not told again.
   */
  placeOf(message: UserMessage): { readonly conversation: string; readonly at: BranchPoint } {
    const { view, family } = this.get();
    const origin = family.find((one) => one.id === this.id)?.origin;
    if (origin && family.some((one) => one.id === origin.conversation)) {
      const told = view.items.filter((item) => item.kind === "notice" && item.seq > origin.seq && item.seq < message.seq);
      if (origin.seq + told.length + 1 === message.seq) {
        return { conversation: origin.conversation, at: { seq: origin.seq } };
      }
    }
    return { conversation: this.id, at: { message: message.id } };
  }

  private async readFamily(): Promise<void> {
    const { conversations } = await this.client.call("get", "/api/conversations/{id}/branches", { path: { id: this.id } });
    this.update((before) => ({ ...before, family: conversations }));
  }

  private async readLog(): Promise<void> {
    for (;;) {
      const after = this.get().view.seq;
      const { events } = await this.client.call("get", "/api/conversations/{id}/events", {
        path: { id: this.id },
        query: { after, limit: PAGE },
        exact: true,
      });
      const known = events.filter(isLogEvent);
      this.update((before) => ({ ...before, view: applyEvents(before.view, known) }));
      if (events.length < PAGE || this.get().view.seq === after) {
        break;
      }
    }
  }

  private arrived(event: unknown): void {
    if (!isLogEvent(event)) {
      return;
    }
    if (this.queue.push(event) === 1) {
      this.soon(() => {
        const events = this.queue;
        this.queue = [];
        this.update((before) => withoutArrived({ ...before, loaded: true, view: applyEvents(before.view, events) }));
      });
    }
  }
}

function withoutArrived(open: OpenConversation): OpenConversation {
  const pending = open.pending.filter((message) => !open.view.messages.has(message.id));
  return pending.length === open.pending.length ? open : { ...open, pending };
}

function isLogEvent(event: unknown): event is LogEvent {
  if (!isRecord(event) || typeof event["type"] !== "string" || !isRecord(event["data"])) {
    return false;
  }
  return event["seq"] === undefined || (Number.isSafeInteger(event["seq"]) && typeof event["at"] === "string");
}

function messageId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return `m${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
