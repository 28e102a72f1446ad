import { readJson, writeJson } from "./json";
import type { paths } from "./schema";

type Method = "get" | "put" | "post" | "delete" | "patch";

type PathsWith<M extends Method> = {
  [P in keyof paths]: Exclude<paths[P][M], undefined> extends never ? never : P;
}[keyof paths];

type Operation<P extends keyof paths, M extends Method> = Exclude<paths[P][M], undefined>;

type Json<C> = C extends { content: { "application/json": infer B } } ? B : undefined;

type Success<O> = O extends { responses: infer R }
  ? { [S in keyof R]: S extends 200 | 201 | 202 ? Json<R[S]> : S extends 204 ? undefined : never }[keyof R]
  : never;

type Body<O> = O extends { requestBody: { content: { "application/json": infer B } } } ? B : undefined;

type PathParameters<P extends keyof paths> = paths[P]["parameters"] extends { path: infer V } ? V : undefined;

type Query<O> = O extends { parameters: { query?: infer Q } } ? Exclude<Q, undefined> : never;

type Given<K extends string, T> = [T] extends [undefined] ? { [N in K]?: undefined } : { [N in K]: T };

export type Request<P extends keyof paths, M extends Method> = Given<"path", PathParameters<P>> &
  Given<"body", Body<Operation<P, M>>> & {
    query?: Query<Operation<P, M>>;
    signal?: AbortSignal;
    /** Whether it is sent also if the page ends meanwhile. */
    keepalive?: boolean;
    /** Whether the answer keeps every digit of its numbers: who reads it expects an `ExactNumber`. */
    exact?: boolean;
  };

/** What the server said about something that could not be done, or why it could not be asked. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly remedy?: string,
  ) {
    super(message);
  }
}

/** What the client needs of the browser; tests bring their own. */
export interface Surroundings {
  fetch(url: string, init: RequestInit): Promise<Response>;
  /** Resolves after so many milliseconds; rejects if the signal aborts before. */
  wait(millis: number, signal?: AbortSignal): Promise<void>;
  /** The session is over: show the login page. */
  toLogin(): void;
}

/** How often a request is repeated while the server says 503 (a bundle is being replaced). */
const ATTEMPTS = 6;

/** The HTTP API, typed by its OpenAPI description. */
export class ApiClient {
  constructor(private readonly surroundings: Surroundings) {}

  async call<M extends Method, P extends PathsWith<M>>(
    method: M,
    path: P,
    request: Request<P, M>,
  ): Promise<Success<Operation<P, M>>> {
    const url = fill(path, request.path as Record<string, string> | undefined, request.query as object | undefined);
    const response = await this.send(url, method, request.body, request.signal, request.keepalive);
    if (response.status === 204) {
      return undefined as Success<Operation<P, M>>;
    }
    return (request.exact ? readJson(await response.text()) : await response.json()) as Success<Operation<P, M>>;
  }

  /** Sends a file of JSON as it is. */
  async post<T>(url: string, file: Blob): Promise<T> {
    const response = await this.once(url, {
      method: "POST",
      headers: { Accept: "application/json", "Content-Type": "application/json", "X-RunGPT": "1" },
      body: file,
    });
    return (await response.json()) as T;
  }

  /** Opens an event stream; the caller reads its body. */
  stream(url: string, after: number | undefined, signal: AbortSignal): Promise<Response> {
    const headers: Record<string, string> = { Accept: "text/event-stream" };
    if (after !== undefined && after > 0) {
      headers["Last-Event-ID"] = String(after);
    }
    return this.once(url, { method: "GET", headers, signal });
  }

  private async send(url: string, method: Method, body: unknown, signal?: AbortSignal, keepalive = false): Promise<Response> {
    const headers: Record<string, string> = { Accept: "application/json" };
    const init: RequestInit = { method: method.toUpperCase(), headers, keepalive };
    if (method !== "get") {
      headers["X-RunGPT"] = "1";
    }
    if (body !== undefined) {
      headers["Content-Type"] = "application/json";
      init.body = writeJson(body);
    }
    if (signal) {
      init.signal = signal;
    }
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.once(url, init);
      } catch (error) {
        if (!(error instanceof Unavailable) || attempt === ATTEMPTS) {
          throw error;
        }
        await this.surroundings.wait(error.retryAfterMillis, signal);
      }
    }
  }

  private async once(url: string, init: RequestInit): Promise<Response> {
    let response: Response;
    try {
      response = await this.surroundings.fetch(url, { ...init, credentials: "same-origin", cache: "no-store" });
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") {
        throw error;
      }
      throw new ApiError(0, "offline", "RunGPT does not answer.", "Is it still running? Start it with ./rungpt run.");
    }
    if (response.ok) {
      return response;
    }
    if (response.status === 401) {
      this.surroundings.toLogin();
    }
    throw await failure(response);
  }
}

/** Somebody is being started or replaced; it passes. */
export class Unavailable extends ApiError {
  constructor(
    readonly retryAfterMillis: number,
    message: string,
    remedy?: string,
  ) {
    super(503, "unavailable", message, remedy);
  }
}

async function failure(response: Response): Promise<ApiError> {
  const said = await response
    .json()
    .then((body: unknown) => (body as { error?: { code?: unknown; message?: unknown; remedy?: unknown } }).error)
    .catch(() => undefined);
  const message = typeof said?.message === "string" ? said.message : `RunGPT answered with HTTP ${response.status}.`;
  const remedy = typeof said?.remedy === "string" ? said.remedy : undefined;
  // The HTTP server itself knows no address until RunGPT stands behind it.
  if (response.status === 503 || (response.status === 404 && !said)) {
    return new Unavailable(retryAfter(response), message, remedy);
  }
  return new ApiError(response.status, typeof said?.code === "string" ? said.code : "error", message, remedy);
}

function retryAfter(response: Response): number {
  const seconds = Number(response.headers.get("Retry-After") ?? "1");
  return Math.min(Math.max(Number.isFinite(seconds) ? seconds : 1, 0.25), 30) * 1000;
}

function fill(path: string, parameters: Record<string, string> | undefined, query: object | undefined): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(parameters?.[name] ?? ""));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null) {
      search.set(name, String(value));
    }
  }
  const text = search.toString();
  return text === "" ? filled : `${filled}?${text}`;
}

/** Waits; an abort ends the wait with the signal's reason. */
export function wait(millis: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, millis);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
