import { useEffect, useRef, useState } from "react";
import { ChatPage } from "../chat/ChatPage";
import { SettingsDialog } from "../settings/SettingsDialog";
import { conversations, router } from "../state/app";
import { useStore } from "../state/store";
import { texts } from "../texts";
import { Toasts } from "../ui/Toasts";
import { Help } from "./Help";
import { Sidebar } from "./Sidebar";

const WIDE = "(min-width: 800px)";

/** The page: the list of conversations, one of them, and what lies above. */
export function App() {
  const { settings } = useStore(router);
  const { link, loaded } = useStore(conversations);
  const search = useRef<HTMLInputElement>(null);
  const [wide, setWide] = useState(() => matchMedia(WIDE).matches);
  const [sidebar, setSidebar] = useState(wide);
  /** On a narrow screen the list lies above the conversation. */
  const drawer = sidebar && !wide;
  const [help, setHelp] = useState(false);

  const gone = () => {
    if (!matchMedia(WIDE).matches) {
      setSidebar(false);
    }
  };

  useEffect(() => {
    const media = matchMedia(WIDE);
    const onChange = () => {
      setWide(media.matches);
      setSidebar(media.matches);
    };
    media.addEventListener("change", onChange);
    return () => media.removeEventListener("change", onChange);
  }, []);

  useEffect(() => {
    if (!drawer) {
      return;
    }
    document.querySelector<HTMLElement>(".sidebar .icon-button")?.focus();
    return () => {
      if (document.activeElement === document.body) {
        document.querySelector<HTMLElement>(".sidebar-open")?.focus();
      }
    };
  }, [drawer]);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLElement && event.target.matches("input, textarea, select, [contenteditable]");
      const mod = event.metaKey || event.ctrlKey;
      if (document.querySelector("dialog[open]")) {
        return;
      }
      if (mod && !event.shiftKey && event.key.toLowerCase() === "k") {
        event.preventDefault();
        setSidebar(true);
        requestAnimationFrame(() => search.current?.focus());
      } else if (mod && event.shiftKey && event.key.toLowerCase() === "o") {
        event.preventDefault();
        router.go({ conversation: undefined });
        requestAnimationFrame(() => document.querySelector<HTMLElement>(".composer textarea")?.focus());
      } else if (mod && event.key.toLowerCase() === "b") {
        event.preventDefault();
        setSidebar((shown) => !shown);
      } else if (!typing && event.key === "/") {
        event.preventDefault();
        document.querySelector<HTMLElement>(".composer textarea")?.focus();
      } else if (!typing && event.key === "?") {
        event.preventDefault();
        setHelp(true);
      } else if (event.key === "Escape" && !event.defaultPrevented) {
        gone();
      }
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);

  return (
    <div className={sidebar ? "app with-sidebar" : "app"}>
      {sidebar && (
        <>
          <div className="scrim" aria-hidden="true" onClick={() => setSidebar(false)} />
          <Sidebar search={search} onClose={() => setSidebar(false)} onGone={gone} />
        </>
      )}
      <div className="main" inert={drawer}>
        {link === "reconnecting" && loaded && (
          <div className="offline-banner" role="status">
            {texts.link.offline}{" "}
            <button type="button" className="text-button" onClick={() => conversations.nudge()}>
              {texts.link.retry}
            </button>
          </div>
        )}
        <ChatPage onSidebar={() => setSidebar(true)} />
      </div>
      {settings && <SettingsDialog section={settings} />}
      {help && <Help onClose={() => setHelp(false)} />}
      <Toasts />
    </div>
  );
}
