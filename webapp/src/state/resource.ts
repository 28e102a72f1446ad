import { ApiError } from "../api/client";
import { Store } from "./store";

export interface Loaded<T> {
  readonly data: T | undefined;
  readonly error: ApiError | undefined;
  readonly loading: boolean;
}

/** Something of the server's that is read now and then; what was read last is kept while it is read again. */
export class Resource<T> extends Store<Loaded<T>> {
  private asked = 0;

  constructor(private readonly read: () => Promise<T>) {
    super({ data: undefined, error: undefined, loading: false });
  }

  async reload(): Promise<void> {
    const ask = ++this.asked;
    this.update((before) => ({ ...before, loading: true }));
    try {
      const data = await this.read();
      if (ask === this.asked) {
        this.set({ data, error: undefined, loading: false });
      }
    } catch (error) {
      if (ask === this.asked) {
        this.update((before) => ({ ...before, error: asApiError(error), loading: false }));
      }
    }
  }
}

export function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError(0, "error", error instanceof Error ? error.message : String(error));
}
