import { ChevronDown, FileDiff, FileMinus, FilePen, FilePlus, Undo2 } from "lucide-react";
import { memo, useEffect, useId, useRef, useState } from "react";
import type { ApiError } from "../api/client";
import type { Change } from "../api/types";
import { client } from "../state/app";
import type { Conversation } from "../state/conversation";
import { asApiError } from "../state/resource";
import { tell } from "../state/toasts";
import { sentences } from "../text/sentences";
import { texts } from "../texts";
import { PlainText } from "../ui/PlainText";
import { bytes } from "./attach";
import { Diff } from "./Diff";

const ICONS = { added: FilePlus, modified: FilePen, deleted: FileMinus } as const;

interface Recorded {
  readonly files: readonly Change[];
  readonly together: readonly string[];
  readonly note: string | undefined;
}

/** The files that a call changed, asked for when the card is seen: with a diff, and the way back. */
export const Changes = memo(function Changes({ conversation, call }: { readonly conversation: Conversation; readonly call: string }) {
  const id = useId();
  const place = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState(false);
  const [recorded, setRecorded] = useState<Recorded>();
  const [open, setOpen] = useState(false);
  const [diff, setDiff] = useState<string>();
  const [error, setError] = useState<ApiError>();

  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => {
      if (entry?.isIntersecting) {
        setSeen(true);
        observer.disconnect();
      }
    });
    if (place.current) {
      observer.observe(place.current);
    }
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    let current = true;
    if (seen) {
      client
        .call("get", "/api/conversations/{id}/calls/{call}/changes", { path: { id: conversation.id, call } })
        .then((found) => current && setRecorded({ files: found.files, together: found.together, note: found.note }))
        // Nobody asked for it: what cannot be told is left out.
        .catch(() => undefined);
    }
    return () => {
      current = false;
    };
  }, [seen, conversation, call]);

  useEffect(() => {
    let current = true;
    if (open && diff === undefined) {
      client
        .call("get", "/api/conversations/{id}/calls/{call}/diff", { path: { id: conversation.id, call } })
        .then((found) => current && setDiff(found.diff))
        .catch((failure: unknown) => current && setError(asApiError(failure)));
    }
    return () => {
      current = false;
    };
  }, [open, diff, conversation, call]);

  return (
    <div ref={place} className="changes">
      {recorded && (recorded.files.length > 0 || recorded.note !== undefined) && (
        <>
          <div className="changes-head">
            <button type="button" className="disclosure" aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
              <ChevronDown aria-hidden className="chevron" />
              <FileDiff aria-hidden />
              {texts.changes.changed(recorded.files.length)}
            </button>
            {recorded.files.some((file) => file.revertible) && <RevertButton conversation={conversation} call={call} label={texts.changes.revert} />}
          </div>
          {recorded.note !== undefined && (
            <p className="faint">
              <PlainText text={recorded.note} />
            </p>
          )}
          {open && (
            <div id={id} className="changes-body">
              <ul className="changed">
                {recorded.files.map((file) => {
                  const Icon = ICONS[file.kind];
                  return (
                    <li key={file.path} className={`changed-file ${file.kind}`}>
                      <Icon aria-hidden />
                      <code>
                        <PlainText text={file.path} />
                      </code>
                      <span className="faint">
                        {texts.changes.kinds[file.kind]} · {sizes(file)}
                        {!file.revertible && ` · ${texts.changes.notKept}`}
                      </span>
                    </li>
                  );
                })}
              </ul>
              {recorded.together.length > 0 && <p className="faint">{texts.changes.together(recorded.together.length)}</p>}
              {error ? (
                <p className="test bad" role="alert">
                  {sentences(error.message, error.remedy)}
                </p>
              ) : diff === undefined ? (
                <p className="faint" role="status">
                  {texts.loading}
                </p>
              ) : (
                <Diff text={diff} />
              )}
            </div>
          )}
        </>
      )}
    </div>
  );
});

function sizes({ kind, before, after }: Change): string {
  return kind === "added" ? bytes(after) : kind === "deleted" ? bytes(before) : `${bytes(before)} → ${bytes(after)}`;
}

interface RevertProps {
  readonly conversation: Conversation;
  /** A call, or an earlier revert. */
  readonly call: string;
  readonly label: string;
  readonly quiet?: boolean;
}

/** Brings files back in one step, and back again from the message that says so. */
export function RevertButton({ conversation, call, label, quiet }: RevertProps) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();
  const revert = async (what: string) => {
    setBusy(true);
    setError(undefined);
    try {
      const done = await client.call("post", "/api/conversations/{id}/calls/{call}/revert", { path: { id: conversation.id, call: what } });
      tell(texts.changes.reverted(done.files.length), { label: texts.undo, run: () => void revert(done.revert) });
    } catch (failure) {
      setError(asApiError(failure));
    }
    setBusy(false);
  };
  return (
    <>
      <button type="button" className={quiet ? "text-button" : "button small"} disabled={busy} onClick={() => void revert(call)}>
        {!quiet && <Undo2 aria-hidden />}
        {label}
      </button>
      {error && (
        <span className="revert-trouble" role="alert">
          {sentences(error.message, error.remedy)}
        </span>
      )}
    </>
  );
}
