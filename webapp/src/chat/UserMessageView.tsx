import { ChevronLeft, ChevronRight, Pencil, RefreshCw } from "lucide-react";
import { type KeyboardEvent, memo, useId, useMemo, useState } from "react";
import type { Fork } from "../library/family";
import { resend, router } from "../state/app";
import type { Conversation } from "../state/conversation";
import { report } from "../state/toasts";
import { texts } from "../texts";
import { CopyButton } from "../ui/copy";
import { PlainText } from "../ui/PlainText";
import { AttachedFiles } from "./Attached";
import { splitAttached } from "./attach";
import type { UserMessage } from "./view";

interface Props {
  readonly conversation: Conversation;
  readonly message: UserMessage;
  /** The other versions that begin with another message in this place. */
  readonly fork: Fork | undefined;
}

/** What the user said; it can be said anew, then both versions are kept. */
export const UserMessageView = memo(function UserMessageView({ conversation, message, fork }: Props) {
  const { said, files, rest } = useMemo(() => splitAttached(message.text), [message.text]);
  const [editing, setEditing] = useState(false);
  const [busy, setBusy] = useState(false);
  const again = (text: string) => {
    setBusy(true);
    resend(conversation, message, text + rest)
      .then(() => setEditing(false))
      .catch(report)
      .finally(() => setBusy(false));
  };
  return (
    <div className="user" role="group" aria-label={texts.chat.you}>
      {(message.attachments.length > 0 || files.length > 0) && (
        <AttachedFiles conversation={conversation.ownerOf(message.seq)} whole={message.attachments} files={files} />
      )}
      {editing ? (
        <EditForm text={said} busy={busy} onSend={again} onCancel={() => setEditing(false)} />
      ) : (
        said !== "" && (
          <div className="bubble" dir="auto">
            <PlainText text={said} />
          </div>
        )
      )}
      {!editing && (
        <div className={fork ? "user-tools kept" : "user-tools"}>
          {fork && <Versions fork={fork} />}
          <CopyButton label={texts.chat.copyMessage} text={() => said} />
          <button type="button" className="icon-button small" aria-label={texts.library.edit} title={texts.library.edit} onClick={() => setEditing(true)}>
            <Pencil aria-hidden />
          </button>
          <button
            type="button"
            className="icon-button small"
            aria-label={texts.chat.askAgain}
            title={texts.chat.askAgain}
            disabled={busy}
            onClick={() => again(said)}
          >
            <RefreshCw aria-hidden />
          </button>
        </div>
      )}
    </div>
  );
});

/** Goes from one version to the next. */
function Versions({ fork }: { readonly fork: Fork }) {
  const go = (by: number) => () => router.go({ conversation: fork.versions[fork.at + by], at: fork.seq + 1 });
  return (
    <span className="versions" role="group" aria-label={texts.library.versions}>
      <button type="button" className="icon-button small" aria-label={texts.library.previous} disabled={fork.at === 0} onClick={go(-1)}>
        <ChevronLeft aria-hidden />
      </button>
      <span title={texts.library.version(fork.at + 1, fork.versions.length)}>
        {fork.at + 1}/{fork.versions.length}
      </span>
      <button
        type="button"
        className="icon-button small"
        aria-label={texts.library.next}
        disabled={fork.at === fork.versions.length - 1}
        onClick={go(1)}
      >
        <ChevronRight aria-hidden />
      </button>
    </span>
  );
}

interface EditProps {
  readonly text: string;
  readonly busy: boolean;
  readonly onSend: (text: string) => void;
  readonly onCancel: () => void;
}

function EditForm({ text, busy, onSend, onCancel }: EditProps) {
  const note = useId();
  const [edited, setEdited] = useState(text);
  const send = () => {
    if (edited.trim() !== "" && !busy) {
      onSend(edited.trim());
    }
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) {
      return;
    }
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape") {
      event.preventDefault();
      onCancel();
    }
  };
  return (
    <form
      className="edit-form"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        className="input"
        dir="auto"
        autoFocus
        rows={2}
        value={edited}
        aria-label={texts.library.editLabel}
        aria-describedby={note}
        maxLength={200_000}
        onFocus={(event) => event.target.setSelectionRange(text.length, text.length)}
        onChange={(event) => setEdited(event.target.value)}
        onKeyDown={onKey}
      />
      <div className="edit-foot">
        <span className="faint" id={note}>
          {texts.library.editNote}
        </span>
        <button type="button" className="button" onClick={onCancel}>
          {texts.cancel}
        </button>
        <button type="submit" className="button primary" disabled={busy || edited.trim() === ""}>
          {texts.library.editSend}
        </button>
      </div>
    </form>
  );
}
