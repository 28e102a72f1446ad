import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import type { ApiError } from "../api/client";
import { sentences } from "../text/sentences";

interface Props {
  readonly title: string;
  readonly text?: string;
  readonly error: ApiError | undefined;
  readonly children: ReactNode;
}

/** One subject of the permissions, with what went wrong in it. */
export function Section({ title, text, error, children }: Props) {
  const id = useId();
  const problem = useRef<HTMLParagraphElement>(null);
  useEffect(() => void problem.current?.scrollIntoView({ block: "nearest" }), [error]);
  return (
    <section className="permission" aria-labelledby={id}>
      <h3 id={id}>{title}</h3>
      {text !== undefined && <p className="faint">{text}</p>}
      {children}
      {error && (
        <p ref={problem} className="test bad" role="alert">
          {sentences(error.message, error.remedy)}
        </p>
      )}
    </section>
  );
}

/** Runs a change and keeps what went wrong with it. */
export function useSaving(): {
  readonly error: ApiError | undefined;
  readonly busy: boolean;
  readonly run: (change: Promise<ApiError | undefined>) => Promise<boolean>;
} {
  const [error, setError] = useState<ApiError>();
  const [busy, setBusy] = useState(false);
  const run = async (change: Promise<ApiError | undefined>) => {
    setBusy(true);
    const failed = await change;
    setError(failed);
    setBusy(false);
    return failed === undefined;
  };
  return { error, busy, run };
}
