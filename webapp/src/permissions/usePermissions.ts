import { useCallback, useEffect, useRef, useState } from "react";
import type { ApiError } from "../api/client";
import type { Grants, Policy } from "../api/types";
import { client } from "../state/app";
import { asApiError } from "../state/resource";
import { changeGrants, readGrants } from "./grants";

export interface Permissions {
  readonly grants: Grants;
  readonly policy: Policy;
}

export interface Editing {
  readonly loaded: Permissions | undefined;
  readonly error: ApiError | undefined;
  /** Whether changes are on their way to the server. */
  readonly busy: boolean;
  /** Both answer what went wrong, undefined if nothing did. */
  readonly grant: (change: (grants: Grants) => Grants) => Promise<ApiError | undefined>;
  readonly rule: (change: Policy) => Promise<ApiError | undefined>;
}

/**
 * What is granted and who is asked: in one conversation, or in all of them. A change shows at once, and goes away again if the
 * server does not take it. Changes are made one after the other: each begins with what is there.
 *
 * @param version changes when somebody else changed them
 */
export function usePermissions(conversation: string | undefined, version: number): Editing {
  const [loaded, setLoaded] = useState<Permissions>();
  const [error, setError] = useState<ApiError>();
  const [pending, setPending] = useState(0);
  const waiting = useRef(0);
  /** How many changes were begun: what was asked before one may not know of it, also if it is answered after it. */
  const begun = useRef(0);
  const latest = useRef<Promise<unknown>>(Promise.resolve());
  /** What the server made of the changes so far; shown when none is left to be made. */
  const told = useRef<Partial<Permissions>>({});

  useEffect(() => {
    let current = true;
    const asked = begun.current;
    read(conversation)
      .then((permissions) => current && waiting.current === 0 && begun.current === asked && setLoaded(permissions))
      .catch((failure: unknown) => current && setError(asApiError(failure)));
    return () => {
      current = false;
    };
  }, [conversation, version]);

  /** Shows a change, makes it after those before it, and shows what the server made of all of them. */
  const change = useCallback(
    (show: (now: Permissions) => Permissions, make: () => Promise<Partial<Permissions>>) => {
      setLoaded((now) => now && show(now));
      setPending((count) => count + 1);
      waiting.current += 1;
      begun.current += 1;
      const made = latest.current.then(async () => {
        let failed: ApiError | undefined;
        try {
          told.current = { ...told.current, ...(await make()) };
        } catch (failure) {
          failed = asApiError(failure);
          told.current = { ...told.current, ...(await read(conversation).catch(() => undefined)) };
        }
        waiting.current -= 1;
        setPending((count) => count - 1);
        if (waiting.current === 0) {
          const now = told.current;
          told.current = {};
          setLoaded((before) => before && { ...before, ...now });
        }
        return failed;
      });
      latest.current = made;
      return made;
    },
    [conversation],
  );

  const grant = useCallback(
    (edit: (grants: Grants) => Grants) =>
      change(
        (now) => ({ ...now, grants: edit(now.grants) }),
        async () => ({ grants: await changeGrants(conversation, edit) }),
      ),
    [change, conversation],
  );

  const rule = useCallback(
    (body: Policy) =>
      change(
        (now) => ({ ...now, policy: { ...now.policy, ...body } }),
        async () => {
          const policy =
            conversation === undefined
              ? await client.call("put", "/api/policy", { body })
              : await client.call("put", "/api/conversations/{id}/policy", { path: { id: conversation }, body });
          return { policy };
        },
      ),
    [change, conversation],
  );

  return { loaded, error, busy: pending > 0, grant, rule };
}

async function read(conversation: string | undefined): Promise<Permissions> {
  const [grants, policy] = await Promise.all([readGrants(conversation), readPolicy(conversation)]);
  return { grants, policy };
}

function readPolicy(conversation: string | undefined): Promise<Policy> {
  return conversation === undefined
    ? client.call("get", "/api/policy", {})
    : client.call("get", "/api/conversations/{id}/policy", { path: { id: conversation } });
}
