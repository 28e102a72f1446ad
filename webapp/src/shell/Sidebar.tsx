import { Ellipsis, PanelLeftClose, Search, Settings, SquarePen, X } from "lucide-react";
import { type KeyboardEvent, type RefObject, useState } from "react";
import type { ConversationInfo } from "../api/types";
import { Mark } from "../chat/EmptyState";
import { conversations, deleteSoon, router } from "../state/app";
import { useStore } from "../state/store";
import { report } from "../state/toasts";
import { texts } from "../texts";
import { Menu, MenuItem } from "../ui/Menu";
import { StatusPill } from "./StatusPill";
import { byDay } from "./days";

interface Props {
  readonly search: RefObject<HTMLInputElement | null>;
  readonly onClose: () => void;
  /** Somebody went somewhere: a drawer closes. */
  readonly onGone: () => void;
}

/** The conversations, and how the platform stands. */
export function Sidebar({ search, onClose, onGone }: Props) {
  const { list, leaving, loaded, more, error } = useStore(conversations);
  const [query, setQuery] = useState("");
  const wanted = query.trim().toLowerCase();
  const shown = list.filter(
    (one) => !leaving.has(one.id) && (wanted === "" || (one.title || texts.sidebar.untitled).toLowerCase().includes(wanted)),
  );
  return (
    <nav className="sidebar" aria-label={texts.sidebar.label}>
      <div className="sidebar-head">
        <span className="brand">
          <Mark />
          {texts.product}
        </span>
        <button type="button" className="icon-button" aria-label={texts.sidebar.close} onClick={onClose}>
          <PanelLeftClose aria-hidden />
        </button>
      </div>
      <button
        type="button"
        className="new-chat"
        onClick={() => {
          router.go({ conversation: undefined });
          onGone();
        }}
      >
        <SquarePen aria-hidden />
        {texts.sidebar.create}
      </button>
      <div className="search">
        <Search aria-hidden />
        <input
          ref={search}
          type="search"
          value={query}
          placeholder={texts.sidebar.search}
          aria-label={texts.sidebar.search}
          onChange={(event) => setQuery(event.target.value)}
          onKeyDown={(event) => {
            const first = shown[0];
            if (event.key === "Escape") {
              setQuery("");
            } else if (event.key === "Enter" && first) {
              router.go({ conversation: first.id });
              onGone();
            }
          }}
        />
        {query !== "" && (
          <button type="button" className="icon-button small" aria-label={texts.sidebar.clearSearch} onClick={() => setQuery("")}>
            <X aria-hidden />
          </button>
        )}
      </div>
      <div className="conversations">
        {byDay(shown, new Date()).map(({ day, list: ofDay }) => (
          <section key={day} aria-label={texts.sidebar[day]}>
            <h2>{texts.sidebar[day]}</h2>
            <ul>
              {ofDay.map((one) => (
                <Row key={one.id} conversation={one} onGone={onGone} />
              ))}
            </ul>
          </section>
        ))}
        {loaded && shown.length === 0 && (
          <p className="sidebar-note">{wanted === "" ? texts.sidebar.none : texts.sidebar.noneFound(query.trim())}</p>
        )}
        {!loaded && error && (
          <p className="sidebar-note" role="alert">
            {texts.sidebar.failed} {error.message}
          </p>
        )}
        {more && wanted === "" && (
          <button type="button" className="text-button older" onClick={() => void conversations.older().catch(report)}>
            {texts.sidebar.older}
          </button>
        )}
      </div>
      <div className="sidebar-foot">
        <StatusPill onGone={onGone} />
        <button
          type="button"
          className="icon-button"
          aria-label={texts.sidebar.settings}
          title={texts.sidebar.settings}
          onClick={() => {
            router.go({ settings: "connections" });
            onGone();
          }}
        >
          <Settings aria-hidden />
        </button>
      </div>
    </nav>
  );
}

function Row({ conversation, onGone }: { readonly conversation: ConversationInfo; readonly onGone: () => void }) {
  const current = useStore(router).conversation === conversation.id;
  const [renaming, setRenaming] = useState(false);
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
        <span className="row-title">{title}</span>
        {conversation.state !== "idle" && (
          <span className={`dot ${conversation.state}`} role="img" aria-label={texts.sidebar[conversation.state]} title={texts.sidebar[conversation.state]} />
        )}
      </a>
      <Menu button={<Ellipsis aria-hidden />} label={texts.sidebar.actionsFor(title)} className="icon-button small row-menu" align="end">
        {(close) => (
          <>
            <MenuItem
              onSelect={() => {
                close();
                setRenaming(true);
              }}
            >
              {texts.sidebar.rename}
            </MenuItem>
            <MenuItem
              danger
              onSelect={() => {
                close();
                deleteSoon(conversation.id, title);
              }}
            >
              {texts.sidebar.delete}
            </MenuItem>
          </>
        )}
      </Menu>
    </li>
  );
}

function RenameField({ title, onDone }: { readonly title: string; readonly onDone: (title: string | undefined) => void }) {
  const [text, setText] = useState(title);
  const finish = () => onDone(text.trim() === "" ? undefined : text.trim());
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.nativeEvent.isComposing) {
      finish();
    } else if (event.key === "Escape") {
      event.stopPropagation();
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
