import type { ConversationInfo } from "../api/types";

export type Day = "today" | "yesterday" | "week" | "earlier";

const DAY_MILLIS = 86_400_000;

/** A list in the order of time, cut where the reader's days change; days without any are left out. */
export function byDay(list: readonly ConversationInfo[], now: Date): { day: Day; list: ConversationInfo[] }[] {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
  const groups: { day: Day; list: ConversationInfo[] }[] = [];
  for (const conversation of list) {
    const at = Date.parse(conversation.updated);
    const day: Day =
      at >= midnight ? "today" : at >= midnight - DAY_MILLIS ? "yesterday" : at >= midnight - 7 * DAY_MILLIS ? "week" : "earlier";
    const last = groups.at(-1);
    if (last?.day === day) {
      last.list.push(conversation);
    } else {
      groups.push({ day, list: [conversation] });
    }
  }
  return groups;
}
