import { asApiError } from "./resource";
import { Store } from "./store";

export interface Toast {
  readonly id: number;
  readonly kind: "info" | "error";
  readonly text: string;
  readonly remedy: string | undefined;
  readonly action: { readonly label: string; run(): void } | undefined;
}

const SHOWN_MILLIS = 6000;
let last = 0;

export const toasts = new Store<readonly Toast[]>([]);

export function dismiss(id: number): void {
  toasts.update((list) => list.filter((toast) => toast.id !== id));
}

export function tell(text: string, action?: Toast["action"]): number {
  return add({ kind: "info", text, remedy: undefined, action });
}

/** Shows what went wrong; for promises that nobody awaits. */
export function report(error: unknown): void {
  const failed = asApiError(error);
  if (failed.status !== 401) {
    add({ kind: "error", text: failed.message, remedy: failed.remedy, action: undefined });
  }
}

function add(toast: Omit<Toast, "id">): number {
  const id = ++last;
  toasts.update((list) => [...list.slice(-3), { ...toast, id }]);
  setTimeout(() => dismiss(id), toast.kind === "error" ? SHOWN_MILLIS * 2 : SHOWN_MILLIS);
  return id;
}
