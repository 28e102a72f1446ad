import { Store } from "./store";

export type Theme = "system" | "light" | "dark";

const KEY = "rungpt.theme";

function stored(): Theme {
  const value = remembered(KEY);
  return value === "light" || value === "dark" ? value : "system";
}

/** What this browser remembers; nothing if it does not allow that. Never for secrets. */
export function remembered(key: string): string | undefined {
  try {
    return localStorage.getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

export function remember(key: string, value: string | undefined): void {
  try {
    if (value === undefined) {
      localStorage.removeItem(key);
    } else {
      localStorage.setItem(key, value);
    }
  } catch {
    // A browser that stores nothing works as well; it only forgets.
  }
}

export const theme = new Store<Theme>(stored());

function show(): void {
  const chosen = theme.get();
  if (chosen === "system") {
    delete document.documentElement.dataset["theme"];
  } else {
    document.documentElement.dataset["theme"] = chosen;
  }
  remember(KEY, chosen === "system" ? undefined : chosen);
}

/** Shows the chosen theme, now and after each change. */
export function startTheme(): void {
  show();
  theme.subscribe(show);
}
