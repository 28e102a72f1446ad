import { X } from "lucide-react";
import { type FormEvent, useEffect, useId, useState } from "react";
import type { ApiError } from "../api/client";
import type { ConversationInfo } from "../api/types";
import { conversations } from "../state/app";
import { asApiError } from "../state/resource";
import { useStore } from "../state/store";
import { texts } from "../texts";
import { Dialog } from "../ui/Dialog";
import { PlainText } from "../ui/PlainText";

/** The tags of a conversation. */
export function TagsDialog({ conversation, onClose }: { readonly conversation: ConversationInfo; readonly onClose: () => void }) {
  const known = useId();
  const { list } = useStore(conversations);
  const labelled = list.find((one) => one.id === conversation.id)?.tags ?? conversation.tags;
  const tags = labelled ?? [];
  /** All tags are put at once: while those that it has are not known, one more would erase them. */
  const unknown = labelled === undefined;
  const all = [...new Set(list.flatMap((one) => one.tags ?? []))].filter((tag) => !tags.includes(tag)).sort();
  const [text, setText] = useState("");
  const [error, setError] = useState<ApiError>();

  useEffect(() => {
    if (unknown) {
      conversations.readLabels(conversation.id).catch((failure: unknown) => setError(asApiError(failure)));
    }
  }, [unknown, conversation.id]);

  const put = async (next: readonly string[]) => {
    try {
      await conversations.label(conversation.id, { tags: next });
      setError(undefined);
      return true;
    } catch (failure) {
      setError(asApiError(failure));
      return false;
    }
  };
  const add = async (event: FormEvent) => {
    event.preventDefault();
    const tag = text.trim();
    if (tag !== "" && !unknown && (tags.includes(tag) || (await put([...tags, tag])))) {
      // Whoever writes the next one already keeps it.
      setText((now) => (now === text ? "" : now));
    }
  };
  return (
    <Dialog title={texts.library.tagsTitle} onClose={onClose} className="narrow">
      <div className="dialog-content stack">
        {unknown ? null : tags.length === 0 ? (
          <p className="faint">{texts.library.noTags}</p>
        ) : (
          <ul className="chips">
            {tags.map((tag) => (
              <li key={tag} className="chip">
                <PlainText text={tag} />
                <button type="button" aria-label={texts.library.removeTag(tag)} onClick={() => void put(tags.filter((other) => other !== tag))}>
                  <X aria-hidden />
                </button>
              </li>
            ))}
          </ul>
        )}
        <form className="inline-form" onSubmit={(event) => void add(event)}>
          <input
            type="text"
            className="input"
            list={known}
            value={text}
            maxLength={40}
            aria-label={texts.library.tag}
            placeholder={texts.library.tag}
            onChange={(event) => setText(event.target.value)}
          />
          <datalist id={known}>
            {all.map((tag) => (
              <option key={tag} value={tag} />
            ))}
          </datalist>
          <button type="submit" className="button" disabled={unknown || text.trim() === ""}>
            {texts.library.addTag}
          </button>
        </form>
        {error && (
          <p className="test bad" role="alert">
            {error.message}
          </p>
        )}
      </div>
    </Dialog>
  );
}
