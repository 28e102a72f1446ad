import { useCallback, useEffect, useRef, useState } from "react";
import type { ApiError } from "../api/client";
import type { Budgets, BudgetsThere } from "../api/types";
import { client } from "../state/app";
import { asApiError } from "../state/resource";

export interface BudgetEditing {
  readonly loaded: BudgetsThere | undefined;
  /** Why they could not be loaded. */
  readonly failed: ApiError | undefined;
  /** Changes what is there; answers what went wrong, undefined if nothing did. */
  readonly set: (change: (now: Budgets) => Budgets) => Promise<ApiError | undefined>;
}

/**
 * What may be spent: in one conversation, or in all of them. Changes are made one after the other, each to what is there then.
 *
 * @param version changes when somebody else changed them
 */
export function useBudgets(conversation: string | undefined, version: number): BudgetEditing {
  const [loaded, setLoaded] = useState<BudgetsThere>();
  const [failed, setFailed] = useState<ApiError>();
  const latest = useRef<Promise<unknown>>(Promise.resolve());
  /** How many changes were begun: what was asked before one may not know of it, also if it is answered after it. */
  const begun = useRef(0);

  useEffect(() => {
    let current = true;
    const asked = begun.current;
    read(conversation)
      .then((budgets) => current && begun.current === asked && setLoaded(budgets))
      .catch((failure: unknown) => current && setFailed(asApiError(failure)));
    return () => {
      current = false;
    };
  }, [conversation, version]);

  const set = useCallback(
    (change: (now: Budgets) => Budgets) => {
      begun.current += 1;
      const made = latest.current.then(async () => {
        try {
          const there = await read(conversation);
          setLoaded(there);
          const { turn, conversation: whole } = there;
          setLoaded(await write(conversation, change({ turn: turn ?? {}, conversation: whole ?? {} })));
          return undefined;
        } catch (failure) {
          return asApiError(failure);
        }
      });
      latest.current = made;
      return made;
    },
    [conversation],
  );

  return { loaded, failed, set };
}

function read(conversation: string | undefined): Promise<BudgetsThere> {
  return conversation === undefined
    ? client.call("get", "/api/budgets", {})
    : client.call("get", "/api/conversations/{id}/budgets", { path: { id: conversation } });
}

function write(conversation: string | undefined, body: Budgets): Promise<BudgetsThere> {
  return conversation === undefined
    ? client.call("put", "/api/budgets", { body })
    : client.call("put", "/api/conversations/{id}/budgets", { path: { id: conversation }, body });
}
