import { ChevronDown, Ellipsis, PanelLeft, Settings2, ShieldCheck, SquarePen } from "lucide-react";
import { useState } from "react";
import type { ConversationInfo } from "../api/types";
import { ConversationMenu } from "../library/ConversationMenu";
import { RenameField } from "../library/ConversationRow";
import { TagsDialog } from "../library/TagsDialog";
import { conversations, models, router } from "../state/app";
import { useStore } from "../state/store";
import { report } from "../state/toasts";
import { texts } from "../texts";
import { Menu, MenuItem } from "../ui/Menu";

interface Props {
  readonly info?: ConversationInfo | undefined;
  readonly title: string | undefined;
  readonly model: string | undefined;
  readonly onModel: (model: string) => void;
  readonly onSidebar: () => void;
  readonly onPermissions?: (() => void) | undefined;
}

export function ChatHeader({ info, title, model, onModel, onSidebar, onPermissions }: Props) {
  const [renaming, setRenaming] = useState(false);
  const [tagging, setTagging] = useState(false);
  return (
    <header className="chat-head">
      <button type="button" className="icon-button sidebar-open" aria-label={texts.sidebar.open} onClick={onSidebar}>
        <PanelLeft aria-hidden />
      </button>
      <ModelPicker model={model} onModel={onModel} />
      {renaming && info ? (
        <div className="title-field">
          <RenameField
            title={info.title}
            onDone={(next) => {
              setRenaming(false);
              if (next !== undefined && next !== info.title) {
                void conversations.change(info.id, { title: next }).catch(report);
              }
            }}
          />
        </div>
      ) : title === undefined ? (
        <span className="chat-title" />
      ) : (
        <h1 className="chat-title">{title}</h1>
      )}
      {onPermissions && (
        <button type="button" className="icon-button" aria-label={texts.permissions.open} title={texts.permissions.open} onClick={onPermissions}>
          <ShieldCheck aria-hidden />
        </button>
      )}
      {info && (
        <Menu button={<Ellipsis aria-hidden />} label={texts.library.more} className="icon-button" align="end">
          {(close) => <ConversationMenu conversation={info} close={close} onRename={() => setRenaming(true)} onTags={() => setTagging(true)} />}
        </Menu>
      )}
      {tagging && info && <TagsDialog conversation={info} onClose={() => setTagging(false)} />}
      <button type="button" className="icon-button narrow-only" aria-label={texts.sidebar.create} onClick={() => router.go({ conversation: undefined })}>
        <SquarePen aria-hidden />
      </button>
    </header>
  );
}

function ModelPicker({ model, onModel }: { readonly model: string | undefined; readonly onModel: (model: string) => void }) {
  const { data } = useStore(models);
  const list = data?.models ?? [];
  const current = list.find((one) => one.id === model);
  const groups = [...new Set(list.map((one) => one.connection))];
  return (
    <Menu
      label={`${texts.chat.model}: ${current?.title ?? model ?? texts.chat.noModel}`}
      className="model-button"
      button={
        <>
          <span className="model-name">{current?.title ?? model ?? (data ? texts.chat.noModel : "…")}</span>
          <ChevronDown aria-hidden />
        </>
      }
    >
      {(close) => (
        <>
          {groups.map((group) => (
            <div key={group} role="group" aria-label={group}>
              <p className="menu-heading">{group}</p>
              {list
                .filter((one) => one.connection === group)
                .map((one) => (
                  <MenuItem
                    key={one.id}
                    checked={one.id === model}
                    onSelect={() => {
                      onModel(one.id);
                      close();
                    }}
                  >
                    <span className="menu-main">
                      <span>{one.title}</span>
                      {!one.ready && (
                        <span className="menu-note">
                          {texts.chat.modelAway}: {one.reason}
                        </span>
                      )}
                    </span>
                  </MenuItem>
                ))}
            </div>
          ))}
          {groups.length > 0 && <hr className="menu-line" />}
          <MenuItem
            onSelect={() => {
              close();
              router.go({ settings: "connections" });
            }}
          >
            <Settings2 aria-hidden />
            {texts.chat.manageModels}
          </MenuItem>
        </>
      )}
    </Menu>
  );
}
