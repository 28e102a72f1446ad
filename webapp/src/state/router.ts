import { Store } from "./store";

export type Section = "connections" | "actions" | "permissions" | "library" | "status" | "appearance";

export interface Route {
  /** The conversation that is shown; undefined for a new one. */
  readonly conversation: string | undefined;
  /** The event of it that is to be shown; the end if nothing is said. */
  readonly at?: number | undefined;
  /** The page of the settings that lies above it. */
  readonly settings: Section | undefined;
}

const SECTIONS: readonly Section[] = ["connections", "actions", "permissions", "library", "status", "appearance"];

export function isSection(name: string | undefined): name is Section {
  return SECTIONS.some((section) => section === name);
}

/** `/`, `/c/ID` and `/settings/SECTION`; the settings lie above the conversation that was shown before. */
export function routeOf(path: string, before: Route): Route {
  const [, first, second] = path.split("/");
  if (first === "c" && second) {
    return { conversation: decodeURIComponent(second), settings: undefined };
  }
  if (first === "settings") {
    return { conversation: before.conversation, settings: isSection(second) ? second : "connections" };
  }
  return { conversation: undefined, settings: undefined };
}

export function pathOf(route: Route): string {
  if (route.settings) {
    return `/settings/${route.settings}`;
  }
  return route.conversation === undefined ? "/" : `/c/${encodeURIComponent(route.conversation)}`;
}

/** Where the page is. */
export class Router extends Store<Route> {
  constructor() {
    super(routeOf(location.pathname, { conversation: undefined, settings: undefined }));
    addEventListener("popstate", () => this.set(routeOf(location.pathname, this.get())));
  }

  go(route: Partial<Route>, how: "push" | "replace" = "push"): void {
    const next = { conversation: this.get().conversation, settings: undefined, at: undefined, ...route };
    if (pathOf(next) !== location.pathname) {
      history[how === "push" ? "pushState" : "replaceState"](null, "", pathOf(next));
    }
    this.set(next);
  }
}
