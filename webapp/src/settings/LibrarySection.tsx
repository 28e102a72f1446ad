import { Upload } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { ApiError } from "../api/client";
import type { ConversationInfo } from "../api/types";
import { client, conversations, router } from "../state/app";
import { asApiError } from "../state/resource";
import { useStore } from "../state/store";
import { report } from "../state/toasts";
import { sentences } from "../text/sentences";
import { revealed } from "../text/visible";
import { texts } from "../texts";

interface Imported {
  readonly conversations: readonly string[];
  /** What was left out or is other than in the file. */
  readonly notes: readonly string[];
}

/** Conversations that come in, and those that were put away. */
export function LibrarySection() {
  const picker = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();
  const [done, setDone] = useState<Imported>();
  const first = done?.conversations[0];
  const take = async (file: File) => {
    setBusy(true);
    setError(undefined);
    setDone(undefined);
    try {
      const made = await client.post<Imported>("/api/import", file);
      await conversations.reload();
      setDone(made);
    } catch (failure) {
      setError(asApiError(failure));
    }
    setBusy(false);
  };
  return (
    <>
      <p className="faint">{texts.library.sectionText}</p>
      <div>
        <button type="button" className="button" disabled={busy} onClick={() => picker.current?.click()}>
          <Upload aria-hidden />
          {busy ? texts.library.importing : texts.library.import}
        </button>
        <input
          ref={picker}
          type="file"
          hidden
          accept=".json,application/json"
          aria-label={texts.library.import}
          onChange={(event) => {
            const file = event.target.files?.[0];
            event.target.value = "";
            if (file) {
              void take(file);
            }
          }}
        />
      </div>
      {done && (
        <p className="test good" role="status">
          {texts.library.imported(done.conversations.length)}{" "}
          {first !== undefined && (
            <button type="button" className="text-button" onClick={() => router.go({ conversation: first })}>
              {texts.library.show}
            </button>
          )}
        </p>
      )}
      {done && done.notes.length > 0 && (
        <ul className="faint" aria-label={texts.library.notes}>
          {done.notes.map((note) => (
            <li key={note}>{revealed(note)}</li>
          ))}
        </ul>
      )}
      {error && (
        <p className="test bad" role="alert">
          {sentences(error.message, error.remedy)}
        </p>
      )}
      <Archived />
    </>
  );
}

function Archived() {
  const [list, setList] = useState<readonly ConversationInfo[]>();
  const { list: all } = useStore(conversations);
  useEffect(() => {
    client
      .call("get", "/api/conversations", { query: { show: "archived", limit: 1000 } })
      .then((found) => setList(found.conversations))
      .catch(report);
  }, [all]);
  return (
    <section className="permission" aria-label={texts.library.archivedTitle}>
      <h3>{texts.library.archivedTitle}</h3>
      {list?.length === 0 && <p className="faint">{texts.library.noArchived}</p>}
      <ul className="rows">
        {list?.map((one) => (
          <li key={one.id} className="permission-row">
            <a
              className="permission-main"
              href={`/c/${encodeURIComponent(one.id)}`}
              onClick={(event) => {
                event.preventDefault();
                router.go({ conversation: one.id });
              }}
            >
              {one.title || texts.sidebar.untitled}
            </a>
            <button type="button" className="button small" onClick={() => void conversations.label(one.id, { archived: false }).catch(report)}>
              {texts.library.unarchive}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
