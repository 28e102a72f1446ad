import type { Access, Grants } from "../api/types";
import { client } from "../state/app";

export const NONE: Access = { network: [], shares: [], secrets: [], workspace: false };

/** What is granted in a conversation, or in all of them. */
export function readGrants(conversation: string | undefined): Promise<Grants> {
  return conversation === undefined
    ? client.call("get", "/api/grants", {})
    : client.call("get", "/api/conversations/{id}/grants", { path: { id: conversation } });
}

/** Changes what is granted there. What is there now counts, not what was shown: another window may have changed something else. */
export async function changeGrants(conversation: string | undefined, edit: (grants: Grants) => Grants): Promise<Grants> {
  const { workspace, actions } = edit(await readGrants(conversation));
  const body = { workspace: workspace ?? NONE, actions: actions ?? [] };
  return conversation === undefined
    ? client.call("put", "/api/grants", { body })
    : client.call("put", "/api/conversations/{id}/grants", { path: { id: conversation }, body });
}
