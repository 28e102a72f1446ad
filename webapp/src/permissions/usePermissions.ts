import { useCallback, useEffect, useRef, useState } from "react";
import type { ApiError } from "../api/client";
import type { Access, Grants, Policy } from "../api/types";
import { client } from "../state/app";
import { asApiError } from "../state/resource";

export interface Permissions {
  readonly grants: Grants;
  readonly policy: Policy;
}

export interface Editing {
  readonly loaded: Permissions | undefined;
  readonly error: ApiError | undefined;
  /** Both answer what went wrong, undefined if nothing did. */
  readonly grant: (change: (grants: Grants) => Grants) => Promise<ApiError | undefined>;
  readonly rule: (change: Policy) => Promise<ApiError | undefined>;
}

/**
 * What is granted and who is asked: in one conversation, or in all of them. A change shows at once, and goes away again if the
 * server does not take it.
 *
 * @param version changes when somebody else changed them
 */
export function usePermissions(conversation: string | undefined, version: number): Editing {
  const [loaded, setLoaded] = useState<Permissions>();
  const [error, setError] = useState<ApiError>();
  const shown = useRef(loaded);
  useEffect(() => {
    shown.current = loaded;
  }, [loaded]);

  useEffect(() => {
    let current = true;
    Promise.all([readGrants(conversation), readPolicy(conversation)])
      .then(([grants, policy]) => current && setLoaded({ grants, policy }))
      .catch((failure: unknown) => current && setError(asApiError(failure)));
    return () => {
      current = false;
    };
  }, [conversation, version]);

  const grant = useCallback(
    async (change: (grants: Grants) => Grants) => {
      const before = shown.current;
      setLoaded((now) => now && { ...now, grants: change(now.grants) });
      try {
        // What is there now counts, not what was shown: another window may have changed something else.
        const { workspace, actions } = change(await readGrants(conversation));
        const body = { workspace: workspace ?? NONE, actions: actions ?? [] };
        const grants =
          conversation === undefined
            ? await client.call("put", "/api/grants", { body })
            : await client.call("put", "/api/conversations/{id}/grants", { path: { id: conversation }, body });
        setLoaded((before) => before && { ...before, grants });
        return undefined;
      } catch (failure) {
        setLoaded(before);
        return asApiError(failure);
      }
    },
    [conversation],
  );

  const rule = useCallback(
    async (body: Policy) => {
      const before = shown.current;
      setLoaded((now) => now && { ...now, policy: { ...now.policy, ...body } });
      try {
        const policy =
          conversation === undefined
            ? await client.call("put", "/api/policy", { body })
            : await client.call("put", "/api/conversations/{id}/policy", { path: { id: conversation }, body });
        setLoaded((before) => before && { ...before, policy });
        return undefined;
      } catch (failure) {
        setLoaded(before);
        return asApiError(failure);
      }
    },
    [conversation],
  );

  return { loaded, error, grant, rule };
}

export const NONE: Access = { network: [], shares: [], secrets: [], workspace: false };

function readGrants(conversation: string | undefined): Promise<Grants> {
  return conversation === undefined
    ? client.call("get", "/api/grants", {})
    : client.call("get", "/api/conversations/{id}/grants", { path: { id: conversation } });
}

function readPolicy(conversation: string | undefined): Promise<Policy> {
  return conversation === undefined
    ? client.call("get", "/api/policy", {})
    : client.call("get", "/api/conversations/{id}/policy", { path: { id: conversation } });
}
