import { Ellipsis, Pin } from "lucide-react";
import { type KeyboardEvent, useState } from "react";
import type { ConversationInfo } from "../api/types";
import { conversations, router } from "../state/app";
import { useStore } from "../state/store";
import { report } from "../state/toasts";
import { texts } from "../texts";
import { Menu } from "../ui/Menu";
import { ConversationMenu } from "./ConversationMenu";
import { TagsDialog } from "./TagsDialog";

interface Props {
  readonly conversation: ConversationInfo;
  /** All versions of it, itself among them. */
  readonly family: readonly string[];
  readonly onGone: () => void;
}

/** A conversation in the list. */
export function ConversationRow({ conversation, family, onGone }: Props) {
  const shown = useStore(router).conversation;
  const current = shown !== undefined && family.includes(shown);
  const [renaming, setRenaming] = useState(false);
  const [tagging, setTagging] = useState(false);
  const title = conversation.title || texts.sidebar.untitled;

  if (renaming) {
    return (
      <li className="row renaming">
        <RenameField
          title={conversation.title}
          onDone={(next) => {
            setRenaming(false);
            if (next !== undefined && next !== conversation.title) {
              void conversations.change(conversation.id, { title: next }).catch(report);
            }
          }}
        />
      </li>
    );
  }
  return (
    <li className={current ? "row current" : "row"}>
      <a
        href={`/c/${encodeURIComponent(conversation.id)}`}
        aria-current={current ? "page" : undefined}
        title={title}
        onClick={(event) => {
          if (!event.metaKey && !event.ctrlKey && !event.shiftKey) {
            event.preventDefault();
            router.go({ conversation: conversation.id });
            onGone();
          }
        }}
      >
        {conversation.pinned && <Pin aria-hidden className="row-pin" />}
        <span className="row-title">{title}</span>
        {conversation.tags?.slice(0, 2).map((tag) => (
          <span key={tag} className="row-tag">
            {tag}
          </span>
        ))}
        {conversation.state !== "idle" && (
          <span className={`dot ${conversation.state}`} role="img" aria-label={texts.sidebar[conversation.state]} title={texts.sidebar[conversation.state]} />
        )}
      </a>
      <Menu button={<Ellipsis aria-hidden />} label={texts.sidebar.actionsFor(title)} className="icon-button small row-menu" align="end">
        {(close) => (
          <ConversationMenu conversation={conversation} close={close} onRename={() => setRenaming(true)} onTags={() => setTagging(true)} />
        )}
      </Menu>
      {tagging && <TagsDialog conversation={conversation} onClose={() => setTagging(false)} />}
    </li>
  );
}

interface FieldProps {
  readonly title: string;
  readonly onDone: (title: string | undefined) => void;
}

export function RenameField({ title, onDone }: FieldProps) {
  const [text, setText] = useState(title);
  const finish = () => onDone(text.trim() === "" ? undefined : text.trim());
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.nativeEvent.isComposing) {
      finish();
    } else if (event.key === "Escape") {
      event.stopPropagation();
      event.preventDefault();
      onDone(undefined);
    }
  };
  return (
    <input
      type="text"
      className="input"
      autoFocus
      maxLength={200}
      value={text}
      aria-label={texts.sidebar.newTitle}
      onFocus={(event) => event.target.select()}
      onChange={(event) => setText(event.target.value)}
      onBlur={finish}
      onKeyDown={onKey}
    />
  );
}
