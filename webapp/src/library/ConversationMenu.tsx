import { Archive, Check, Download, Pencil, Pin, PinOff, Tag, Trash2 } from "lucide-react";
import { useEffect } from "react";
import type { ConversationInfo } from "../api/types";
import { connections, conversations, deleteSoon } from "../state/app";
import { useStore } from "../state/store";
import { report, tell } from "../state/toasts";
import { texts } from "../texts";
import { MenuItem } from "../ui/Menu";

const FORMATS = ["markdown", "html", "json"] as const;

interface Props {
  readonly conversation: ConversationInfo;
  readonly close: () => void;
  readonly onRename: () => void;
  readonly onTags: () => void;
}

/** What can be done with a whole conversation. */
export function ConversationMenu({ conversation, close, onRename, onTags }: Props) {
  const { id, pinned } = conversation;
  const title = conversation.title || texts.sidebar.untitled;
  const item = (run: () => void) => () => {
    close();
    run();
  };
  return (
    <>
      <MenuItem onSelect={item(onRename)}>
        <Pencil aria-hidden />
        {texts.sidebar.rename}
      </MenuItem>
      <MenuItem onSelect={item(() => void conversations.label(id, { pinned: !pinned }).catch(report))}>
        {pinned ? <PinOff aria-hidden /> : <Pin aria-hidden />}
        {pinned ? texts.library.unpin : texts.library.pin}
      </MenuItem>
      <MenuItem onSelect={item(onTags)}>
        <Tag aria-hidden />
        {texts.library.tags}
      </MenuItem>
      <MenuItem onSelect={item(() => archive(id, title))}>
        <Archive aria-hidden />
        {texts.library.archive}
      </MenuItem>
      <hr className="menu-line" />
      <Protocols conversation={conversation} close={close} />
      <hr className="menu-line" />
      {FORMATS.map((format) => (
        <MenuItem key={format} onSelect={item(() => save(`/api/conversations/${encodeURIComponent(id)}/export?format=${format}`))}>
          <Download aria-hidden />
          {texts.library.exportAs[format]}
        </MenuItem>
      ))}
      <hr className="menu-line" />
      <MenuItem danger onSelect={item(() => void deleteSoon(id, title).catch(report))}>
        <Trash2 aria-hidden />
        {texts.sidebar.delete}
      </MenuItem>
    </>
  );
}

/** How calls are written, from the next request on. */
function Protocols({ conversation, close }: Pick<Props, "conversation" | "close">) {
  const { data } = useStore(connections);
  useEffect(() => void connections.reload(), []);
  const own = data?.connections.find((one) => conversation.model.startsWith(`${one.name}/`))?.protocol;
  const names: Readonly<Record<string, string>> = texts.library.protocols;
  return (
    <div role="group" aria-label={texts.connection.protocol}>
      <p className="menu-heading">{texts.connection.protocol}</p>
      {[...new Set(["tags", "native", conversation.protocol])].map((protocol) => (
        <MenuItem
          key={protocol}
          checked={protocol === conversation.protocol}
          onSelect={() => {
            close();
            void conversations.change(conversation.id, { protocol }).catch(report);
          }}
        >
          <Check aria-hidden className={protocol === conversation.protocol ? undefined : "away"} />
          <span className="menu-main">
            <span>{names[protocol] ?? protocol}</span>
            {protocol === own && <span className="menu-note">{texts.library.protocolOfConnection}</span>}
          </span>
        </MenuItem>
      ))}
    </div>
  );
}

function archive(id: string, title: string): void {
  conversations
    .label(id, { archived: true })
    .then(() =>
      tell(texts.library.archived(title), { label: texts.undo, run: () => void conversations.label(id, { archived: false }).catch(report) }),
    )
    .catch(report);
}

/** Lets the browser keep what the server sends as an attachment. */
function save(url: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = "";
  document.body.append(link);
  link.click();
  link.remove();
}
