import { remember, remembered } from "./theme";

/** A message that is under way. */
export interface Unsent {
  readonly id: string;
  readonly text: string;
}

const key = (conversation: string) => `rungpt.unsent.${conversation}`;

/** What was said in a conversation and never taken by the server, as far as this browser knows. */
export function unsent(conversation: string): readonly Unsent[] {
  return JSON.parse(remembered(key(conversation)) ?? "[]") as Unsent[];
}

/** Keeps a message until it is forgotten, also if the page ends. */
export function keepUnsent(conversation: string, { id, text }: Unsent): void {
  if (text !== "") {
    put(conversation, [...unsent(conversation).filter((other) => other.id !== id), { id, text }]);
  }
}

export function forgetUnsent(conversation: string, gone: (id: string) => boolean): void {
  put(conversation, unsent(conversation).filter(({ id }) => !gone(id)));
}

function put(conversation: string, messages: readonly Unsent[]): void {
  remember(key(conversation), messages.length === 0 ? undefined : JSON.stringify(messages));
}
