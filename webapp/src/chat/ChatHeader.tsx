import { ChevronDown, PanelLeft, Settings2, SquarePen } from "lucide-react";
import { models, router } from "../state/app";
import { useStore } from "../state/store";
import { texts } from "../texts";
import { Menu, MenuItem } from "../ui/Menu";

interface Props {
  readonly title: string | undefined;
  readonly model: string | undefined;
  readonly onModel: (model: string) => void;
  readonly onSidebar: () => void;
}

export function ChatHeader({ title, model, onModel, onSidebar }: Props) {
  return (
    <header className="chat-head">
      <button type="button" className="icon-button sidebar-open" aria-label={texts.sidebar.open} onClick={onSidebar}>
        <PanelLeft aria-hidden />
      </button>
      <ModelPicker model={model} onModel={onModel} />
      {title === undefined ? <span className="chat-title" /> : <h1 className="chat-title">{title}</h1>}
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
