import type { ConversationInfo } from "../api/types";

/** The versions that leave a conversation at one place of its log, by time of creation; the one that is shown is among them. */
export interface Fork {
  /** The last event that all of them share. */
  readonly seq: number;
  readonly versions: readonly string[];
  readonly at: number;
}

interface Origin {
  readonly conversation: string;
  readonly seq: number;
}

/** Where a conversation really leaves: a branch that leaves within what its own origin shares leaves that one. */
function originOf(one: ConversationInfo, byId: ReadonlyMap<string, ConversationInfo>): Origin | undefined {
  let origin: Origin | undefined = one.origin;
  for (let steps = 0; origin && steps <= byId.size; steps++) {
    const above: Origin | undefined = byId.get(origin.conversation)?.origin;
    if (!above || above.seq < origin.seq) {
      return origin;
    }
    origin = { conversation: above.conversation, seq: origin.seq };
  }
  return origin;
}

/** The places at which the conversation that is shown has other versions. */
export function forks(family: readonly ConversationInfo[], shown: string): Fork[] {
  const byId = new Map(family.map((one) => [one.id, one]));
  const origins = new Map(family.map((one) => [one.id, originOf(one, byId)]));
  const found: Fork[] = [];
  let self = shown;
  /** The version that leads to what is shown, where it leaves the conversation that is looked at. */
  let child: string | undefined;
  let limit = Number.POSITIVE_INFINITY;
  for (let steps = 0; steps <= family.length; steps++) {
    const places = new Set<number>();
    origins.forEach((origin) => {
      if (origin?.conversation === self && origin.seq <= limit) {
        places.add(origin.seq);
      }
    });
    for (const seq of places) {
      const branches = family.filter((one) => origins.get(one.id)?.conversation === self && origins.get(one.id)?.seq === seq).map((one) => one.id);
      const versions = byId.has(self) ? [self, ...branches] : branches;
      // Where what is shown left, its own version counts; everywhere before it goes the way of the conversation looked at.
      const at = versions.indexOf(seq === limit && child !== undefined ? child : self);
      if (versions.length > 1 && at >= 0) {
        found.push({ seq, versions, at });
      }
    }
    const up = origins.get(self);
    if (!up) {
      break;
    }
    child = self;
    limit = up.seq;
    self = up.conversation;
  }
  return found.sort((a, b) => a.seq - b.seq);
}

/** The conversation that a branch came from first, as far as it is known. */
export function rootOf(one: ConversationInfo, byId: ReadonlyMap<string, ConversationInfo>): string {
  let at: ConversationInfo = one;
  for (let steps = 0; at.origin && steps <= byId.size; steps++) {
    const above = byId.get(at.origin.conversation);
    if (!above) {
      return at.origin.conversation;
    }
    at = above;
  }
  return at.id;
}
