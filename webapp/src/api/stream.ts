import { ApiClient, ApiError, Unavailable, wait } from "./client";
import { readJson } from "./json";
import { SseParser } from "./sse";

export type Link = "connecting" | "live" | "reconnecting" | "paused";

export interface StreamHandler {
  /** The JSON of one event. */
  event(data: unknown): void;
  link(state: Link): void;
  /** The stream cannot be had, and asking again will not help. */
  failed(error: ApiError): void;
  /** Where to go on after a reconnect: the last sequence number that was seen. */
  after?(): number;
}

/** The server sends a comment every 15 s; a stream that is silent for so long is dead. */
const SILENCE_MILLIS = 40_000;
const FIRST_WAIT_MILLIS = 1_000;
/** With its spread, every page is back within ten seconds of the server. */
const LONGEST_WAIT_MILLIS = 4_000;

/** Up to twice as long: pages that lost the same server do not come back all at once. */
function spread(millis: number): number {
  return millis * (1 + Math.random());
}

/**
 * An event stream that comes back by itself: after a lost connection, a restart of the server or a pause. `fetch` instead of
 * EventSource, because that hides the status: 401 leads to the login page and 503 to a quiet repetition.
 */
export class LiveStream {
  private running: AbortController | undefined;

  constructor(
    private readonly client: ApiClient,
    private readonly url: string,
    private readonly handler: StreamHandler,
  ) {}

  open(): void {
    if (!this.running) {
      const controller = new AbortController();
      this.running = controller;
      void this.run(controller.signal);
    }
  }

  /** Ends it, until it is opened again. */
  close(state?: Link): void {
    this.running?.abort(new DOMException("closed", "AbortError"));
    this.running = undefined;
    if (state) {
      this.handler.link(state);
    }
  }

  /** Tries at once instead of waiting longer. */
  nudge(): void {
    if (this.running) {
      this.close();
      this.open();
    }
  }

  private async run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    this.handler.link("connecting");
    while (!signal.aborted) {
      let pause = Math.min(FIRST_WAIT_MILLIS * 2 ** failures, LONGEST_WAIT_MILLIS);
      try {
        await this.read(signal, () => {
          failures = 0;
          this.handler.link("live");
        });
        pause = FIRST_WAIT_MILLIS;
      } catch (error) {
        if (signal.aborted) {
          return;
        }
        if (error instanceof Unavailable) {
          pause = error.retryAfterMillis;
        } else if (error instanceof ApiError && error.status >= 400 && error.status < 500) {
          this.handler.failed(error);
          return;
        }
        failures++;
      }
      if (signal.aborted) {
        return;
      }
      this.handler.link("reconnecting");
      await wait(spread(pause), signal).catch(() => undefined);
    }
  }

  private async read(signal: AbortSignal, opened: () => void): Promise<void> {
    const silence = new AbortController();
    const heard = <T>(answer: Promise<T>): Promise<T> => {
      const timer = setTimeout(() => silence.abort(new DOMException("silent", "AbortError")), SILENCE_MILLIS);
      return answer.finally(() => clearTimeout(timer));
    };
    const response = await heard(this.client.stream(this.url, this.handler.after?.(), AbortSignal.any([signal, silence.signal])));
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    if (!reader) {
      return;
    }
    opened();
    const parser = new SseParser();
    for (;;) {
      const piece = await heard(reader.read());
      if (piece.done) {
        return;
      }
      for (const event of parser.push(piece.value)) {
        const data = parse(event.data);
        if (data !== undefined) {
          this.handler.event(data);
        }
      }
    }
  }
}

function parse(text: string): unknown {
  try {
    return readJson(text);
  } catch {
    return undefined;
  }
}
