import { PanelLeftClose, Search, Settings, SquarePen, X } from "lucide-react";
import { type RefObject, useState } from "react";
import type { ConversationInfo } from "../api/types";
import { Mark } from "../chat/EmptyState";
import { ConversationRow } from "../library/ConversationRow";
import { rootOf } from "../library/family";
import { SearchResults } from "../library/SearchResults";
import { conversations, router } from "../state/app";
import { useStore } from "../state/store";
import { report } from "../state/toasts";
import { texts } from "../texts";
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
  const [tag, setTag] = useState<string>();
  const present = list.filter((one) => !leaving.has(one.id) && !one.archived);
  const tags = [...new Set(present.flatMap((one) => one.tags ?? []))].sort();
  const families = familiesOf(present);
  // Versions of one conversation are one entry: the one that changed last.
  const shown = present.filter((one) => families.get(one.id)?.[0] === one.id && (tag === undefined || one.tags?.includes(tag)));
  const choose = (one: string | undefined) => {
    setTag(one);
    if (one !== undefined) {
      void conversations.tagged(one).catch(report);
    }
  };
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
            if (event.key === "Escape") {
              setQuery("");
            } else if (event.key === "Enter" || event.key === "ArrowDown") {
              event.preventDefault();
              const first = event.currentTarget.closest(".sidebar")?.querySelector<HTMLElement>(".conversations a");
              if (event.key === "Enter") {
                first?.click();
              } else {
                first?.focus();
              }
            }
          }}
        />
        {query !== "" && (
          <button type="button" className="icon-button small" aria-label={texts.sidebar.clearSearch} onClick={() => setQuery("")}>
            <X aria-hidden />
          </button>
        )}
      </div>
      {wanted === "" && tags.length > 0 && (
        <div className="tag-filter" role="group" aria-label={texts.library.filter}>
          {[undefined, ...tags].map((one) => (
            <button key={one ?? ""} type="button" className="row-tag" aria-pressed={tag === one} onClick={() => choose(one)}>
              {one ?? texts.library.all}
            </button>
          ))}
        </div>
      )}
      <div className="conversations">
        {wanted !== "" && <SearchResults query={query.trim()} onGone={onGone} />}
        {wanted === "" && (
          <>
            <Rows title={texts.library.pinned} list={shown.filter((one) => one.pinned)} families={families} onGone={onGone} />
            {byDay(
              shown.filter((one) => !one.pinned),
              new Date(),
            ).map(({ day, list: ofDay }) => (
              <Rows key={day} title={texts.sidebar[day]} list={ofDay} families={families} onGone={onGone} />
            ))}
            {loaded && shown.length === 0 && <p className="sidebar-note">{texts.sidebar.none}</p>}
            {more && (
              <button type="button" className="text-button older" onClick={() => void conversations.older().catch(report)}>
                {texts.sidebar.older}
              </button>
            )}
          </>
        )}
        {!loaded && error && (
          <p className="sidebar-note" role="alert">
            {texts.sidebar.failed} {error.message}
          </p>
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

interface RowsProps {
  readonly title: string;
  readonly list: readonly ConversationInfo[];
  readonly families: ReadonlyMap<string, readonly string[]>;
  readonly onGone: () => void;
}

function Rows({ title, list, families, onGone }: RowsProps) {
  return list.length === 0 ? null : (
    <section aria-label={title}>
      <h2>{title}</h2>
      <ul>
        {list.map((one) => (
          <ConversationRow key={one.id} conversation={one} family={families.get(one.id) ?? [one.id]} onGone={onGone} />
        ))}
      </ul>
    </section>
  );
}

/** For each conversation all versions of it, the one that changed last first. */
function familiesOf(list: readonly ConversationInfo[]): Map<string, string[]> {
  const byId = new Map(list.map((one) => [one.id, one]));
  const byRoot = new Map<string, string[]>();
  const families = new Map<string, string[]>();
  for (const one of list) {
    const root = rootOf(one, byId);
    const family = byRoot.get(root) ?? [];
    family.push(one.id);
    byRoot.set(root, family);
    families.set(one.id, family);
  }
  return families;
}
