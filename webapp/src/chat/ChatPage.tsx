import { ArrowDown, WifiOff } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { begin, conversation as conversationOf, conversations, goOnFrom, models, router } from "../state/app";
import type { Conversation } from "../state/conversation";
import { useStore } from "../state/store";
import { report } from "../state/toasts";
import { texts } from "../texts";
import { PermissionsDialog } from "../permissions/PermissionsDialog";
import type { Upload } from "./attach";
import { ChatHeader } from "./ChatHeader";
import { BackgroundBar } from "./BackgroundBar";
import { Composer } from "./Composer";
import { EmptyState } from "./EmptyState";
import { Timeline } from "./Timeline";
import { isFinal } from "./view";
import { useInSight } from "./useInSight";
import { useFollow } from "./useFollow";

interface Props {
  readonly onSidebar: () => void;
}

/** The main column: a conversation, or a new one. */
export function ChatPage({ onSidebar }: Props) {
  const { conversation } = useStore(router);
  return conversation === undefined ? (
    <NewChat onSidebar={onSidebar} />
  ) : (
    <OpenChat key={conversation} conversation={conversationOf(conversation)} onSidebar={onSidebar} />
  );
}

function NewChat({ onSidebar }: Props) {
  const field = useRef<HTMLTextAreaElement>(null);
  const { data } = useStore(models);
  const [chosen, setChosen] = useState<string>();
  const [busy, setBusy] = useState(false);
  const model = chosen ?? data?.default ?? undefined;

  useEffect(() => {
    document.title = texts.product;
  }, []);

  const send = (text: string, uploads: readonly Upload[] = [], taken?: (by: string) => void) => {
    if (busy) {
      return;
    }
    setBusy(true);
    begin(text, uploads, chosen, taken)
      .catch(report)
      .finally(() => setBusy(false));
  };

  return (
    <main className="chat" id="main">
      <ChatHeader title={undefined} model={model} onModel={setChosen} onSidebar={onSidebar} />
      <div className="scroller">
        <div className="column new">
          <EmptyState model={model} onPrompt={(prompt) => send(prompt)} />
        </div>
      </div>
      <Composer
        conversation={undefined}
        field={field}
        model={model}
        running={false}
        waiting={false}
        busy={busy}
        onSend={send}
        onStop={() => undefined}
        onReview={() => undefined}
      />
    </main>
  );
}

function OpenChat({ conversation, onSidebar }: Props & { readonly conversation: Conversation }) {
  const { view, pending, returned, loaded, link, family, error } = useStore(conversation);
  const { at } = useStore(router);
  const listed = useStore(conversations).list.find((one) => one.id === conversation.id);
  const related = family.find((one) => one.id === conversation.id);
  // What has just been made was told without labels.
  const info = listed && related ? { ...related, ...listed } : (listed ?? related);
  const field = useRef<HTMLTextAreaElement>(null);
  const { scroller, content, atEnd, toEnd, stay } = useFollow(loaded ? conversation.id : undefined);
  const [permissions, setPermissions] = useState(false);
  const title = info?.title || texts.sidebar.untitled;
  const missing = error?.status === 404;
  const running = !missing && (view.turn !== undefined || pending.some((message) => !message.error));
  const waiting = [...view.calls.values()].some((call) => call.state === "input_required" && !call.approval?.decision);

  const background = [...view.calls.values()].filter((call) => call.background && !isFinal(call.state));

  const inSight = useInSight(scroller, "[data-approval]", waiting);

  useEffect(() => {
    void conversation.open();
    return () => conversation.close();
  }, [conversation]);

  useEffect(() => {
    if (!running) {
      return;
    }
    const onKey = (event: KeyboardEvent) => {
      const here = event.target === document.body || (event.target instanceof Element && event.target.closest("#main") !== null);
      const writing = event.target instanceof Element && event.target.matches("input, select, textarea");
      if (event.key === "Escape" && !event.defaultPrevented && here && !writing && !document.querySelector("dialog[open]")) {
        void conversation.stop().catch(report);
      }
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [conversation, running]);

  useEffect(() => {
    document.title = `${title} · ${texts.product}`;
  }, [title]);

  const sought = at === undefined || !loaded ? undefined : view.items.findLast((item) => item.seq <= at)?.id;
  useEffect(() => {
    const element = sought === undefined ? null : scroller.current?.querySelector(`[data-item="${CSS.escape(sought)}"]`);
    if (element) {
      stay();
      element.scrollIntoView({ block: "center" });
    }
  }, [sought, stay, scroller]);

  const review = () => {
    const card = scroller.current?.querySelector<HTMLElement>("[data-approval]");
    card?.scrollIntoView({ block: "center", behavior: "smooth" });
    // The card, not a button in it: a stray key must not decide.
    card?.setAttribute("tabindex", "-1");
    card?.focus({ preventScroll: true });
  };

  if (error && (missing || !loaded)) {
    return (
      <main className="chat" id="main">
        <ChatHeader title={undefined} model={undefined} onModel={() => undefined} onSidebar={onSidebar} />
        <div className="missing" role="alert">
          <h1>{!missing ? error.message : loaded ? texts.chat.deletedTitle : texts.chat.missingTitle}</h1>
          {!(missing && loaded) && <p>{missing ? texts.chat.missingText : error.remedy}</p>}
          <button type="button" className="button primary" onClick={() => goOnFrom(conversation.id)}>
            {texts.sidebar.create}
          </button>
        </div>
      </main>
    );
  }

  return (
    <main className="chat" id="main">
      <ChatHeader
        title={title}
        info={info}
        model={info?.model}
        onModel={(model) => void conversations.change(conversation.id, { model }).catch(report)}
        onSidebar={onSidebar}
        onPermissions={() => setPermissions(true)}
      />
      {permissions && <PermissionsDialog conversation={conversation.id} version={view.permissions} onClose={() => setPermissions(false)} />}
      {(link === "reconnecting" || error) && (
        <div className="link-banner" role="status">
          <WifiOff aria-hidden />
          <span>{error?.message ?? texts.link.reconnecting}</span>
          <button type="button" className="text-button" onClick={() => conversation.nudge()}>
            {texts.link.retry}
          </button>
        </div>
      )}
      <div className={atEnd ? "scroller" : "scroller reading"} ref={scroller} role="log" aria-label={texts.chat.log} aria-live="off" tabIndex={0}>
        <div className="column" ref={content}>
          {loaded ? (
            <Timeline conversation={conversation} view={view} pending={pending} family={family} sought={sought} />
          ) : (
            <p className="loading" role="status">
              {texts.loading}
            </p>
          )}
        </div>
      </div>
      <div className="below">
        {!atEnd && (
          <button type="button" className="jump" aria-label={texts.chat.jump} title={texts.chat.jump} onClick={toEnd}>
            <ArrowDown aria-hidden />
          </button>
        )}
        {background.length > 0 && <BackgroundBar conversation={conversation} calls={background} />}
        <Composer
          conversation={conversation.id}
          field={field}
          model={info?.model}
          running={running}
          waiting={waiting && !inSight}
          returned={returned}
          onTookBack={conversation.tookBack}
          onSend={(text, uploads, taken) => {
            taken(conversation.id);
            void conversation.send(text, uploads);
            toEnd();
          }}
          onStop={() => void conversation.stop().catch(report)}
          onReview={review}
        />
      </div>
    </main>
  );
}
