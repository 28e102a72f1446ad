import { ArrowUp, EyeOff, Paperclip, ShieldQuestion, Square } from "lucide-react";
import { type KeyboardEvent, type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react";
import { draft, models, router, setDraft } from "../state/app";
import { draftFiles, setDraftFiles } from "../state/draftFiles";
import { useStore } from "../state/store";
import { tell } from "../state/toasts";
import type { Unsent } from "../state/unsent";
import { texts } from "../texts";
import { PlainText } from "../ui/PlainText";
import { Uploads } from "./Attached";
import { type Kind, readFiles, type Upload } from "./attach";
import { SuggestionList } from "./SuggestionList";
import { useSuggestions } from "./useSuggestions";

interface Props {
  /** Whose draft it holds; undefined for a new conversation. */
  readonly conversation: string | undefined;
  readonly field: RefObject<HTMLTextAreaElement | null>;
  /** Who answers. */
  readonly model: string | undefined;
  readonly running: boolean;
  /** Whether a call waits for approval, out of sight perhaps. */
  readonly waiting: boolean;
  /** Whether a message is under way that may still come back: nothing else is sent meanwhile. */
  readonly busy?: boolean;
  /** What was said and could not be sent before the page ended: it is written here again. */
  readonly returned?: readonly Unsent[];
  readonly onTookBack?: () => void;
  /** Sends a message, and says which conversation took it once one has: until then it stays here. */
  readonly onSend: (text: string, uploads: readonly Upload[], taken: (by: string) => void) => void;
  readonly onStop: () => void;
  readonly onReview: () => void;
}

const touch = typeof matchMedia === "function" && matchMedia("(pointer: coarse)").matches;

const NOTHING: readonly Unsent[] = [];

/** Where the user writes, and puts files. */
export function Composer({ conversation, field, model, running, waiting, busy = false, returned = NOTHING, onTookBack, onSend, onStop, onReview }: Props) {
  const [text, setText] = useState(() => draft(conversation));
  const [uploads, setUploads] = useState<readonly Upload[]>([]);
  const [over, setOver] = useState(false);
  const picker = useRef<HTMLInputElement>(null);
  /** The uploads as they are now, whoever waits for something. */
  const held = useRef<readonly Upload[]>(uploads);

  const hold = (next: readonly Upload[]) => {
    held.current = next;
    setUploads(next);
  };

  const keep = (next: readonly Upload[]) => {
    hold(next);
    setDraftFiles(conversation, next.map((upload) => upload.file));
  };

  useEffect(() => {
    let here = true;
    const again = async () => {
      const read = await readFiles(await draftFiles(conversation), []);
      if (here && read.uploads.length > 0) {
        const more = held.current;
        (more.length > 0 ? keep : hold)([...read.uploads, ...more]);
      }
    };
    void again();
    return () => {
      here = false;
    };
  }, [conversation]);

  useEffect(() => {
    if (!touch) {
      field.current?.focus({ preventScroll: true });
    }
  }, [field]);

  useLayoutEffect(() => {
    const element = field.current;
    if (element && !CSS.supports("field-sizing", "content")) {
      element.style.height = "auto";
      element.style.height = `${element.scrollHeight}px`;
    }
  }, [text, field]);

  const change = (next: string) => {
    setText(next);
    setDraft(conversation, next);
  };

  useEffect(() => {
    if (returned.length > 0) {
      change([...returned.map((message) => message.text), text].filter((part) => part !== "").join("\n\n"));
      onTookBack?.();
    }
  }, [returned]);

  const completing = useSuggestions(field, text, change);

  const attach = async (files: readonly File[]) => {
    if (busy) {
      return;
    }
    const read = await readFiles(files, held.current);
    keep([...held.current, ...read.uploads]);
    read.problems.forEach((problem) => tell(problem));
    field.current?.focus();
  };

  const empty = text.trim() === "" && uploads.length === 0;
  const send = () => {
    if (empty || busy) {
      return;
    }
    onSend(text.trim(), uploads, (by) => {
      // Who waited for it may have written on.
      const now = field.current?.value ?? text;
      change("");
      setDraft(by, now.startsWith(text) ? now.slice(text.length).trimStart() : now);
      keep([]);
    });
  };

  const onKey = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing || completing.key(event)) {
      return;
    }
    if (event.key === "Enter" && !event.shiftKey && !touch) {
      event.preventDefault();
      if (!event.repeat) {
        send();
      }
    } else if (event.key === "Escape" && running) {
      event.preventDefault();
      onStop();
    }
  };

  return (
    <div className="composer-area">
      {waiting && (
        <button type="button" className="waiting-bar" onClick={onReview}>
          <ShieldQuestion aria-hidden />
          <span>{texts.composer.waiting}</span>
          <strong>{texts.composer.review}</strong>
        </button>
      )}
      {completing.open && (
        <SuggestionList
          id={completing.id}
          list={completing.suggestions.list}
          at={completing.at}
          task={completing.suggestions.task}
          onChoose={completing.choose}
        />
      )}
      <form
        className={over ? "composer over" : "composer"}
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
        onDragOver={(event) => {
          if (event.dataTransfer.types.includes("Files")) {
            event.preventDefault();
            setOver(true);
          }
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          setOver(false);
          if (event.dataTransfer.files.length > 0) {
            event.preventDefault();
            void attach([...event.dataTransfer.files]);
          }
        }}
      >
        {(["picture", "pdf", "audio"] as const).map((kind) => uploads.some((upload) => upload.kind === kind) && <NotGiven key={kind} kind={kind} model={model} />)}
        {uploads.length > 0 && <Uploads uploads={uploads} onRemove={(gone) => keep(uploads.filter((one) => one !== gone))} />}
        <div className="composer-row">
          <button type="button" className="icon-button attach" disabled={busy} aria-label={texts.composer.attach} title={texts.composer.attach} onClick={() => picker.current?.click()}>
            <Paperclip aria-hidden />
          </button>
          <input
            ref={picker}
            type="file"
            multiple
            hidden
            aria-label={texts.composer.attach}
            onChange={(event) => {
              void attach([...(event.target.files ?? [])]);
              event.target.value = "";
            }}
          />
          <textarea
            ref={field}
            rows={1}
            dir="auto"
            value={text}
            aria-label={texts.composer.label}
            placeholder={running ? texts.composer.running : texts.composer.placeholder}
            maxLength={200_000}
            aria-autocomplete="list"
            aria-controls={completing.open ? completing.id : undefined}
            aria-activedescendant={completing.open ? `${completing.id}-${completing.at}` : undefined}
            onChange={(event) => {
              change(event.target.value);
              completing.moved();
            }}
            onSelect={completing.moved}
            onKeyDown={onKey}
            onPaste={(event) => {
              const files = [...event.clipboardData.files];
              if (files.length > 0) {
                event.preventDefault();
                void attach(files);
              }
            }}
          />
          {running && empty ? (
            <button type="button" className="round-button stop" aria-label={texts.composer.stop} title={`${texts.composer.stop} (Esc)`} onClick={onStop}>
              <Square aria-hidden />
            </button>
          ) : (
            <button
              type="submit"
              className="round-button"
              aria-label={texts.composer.send}
              title={texts.composer.hint}
              disabled={empty}
              // Not disabled: it would lose the focus.
              aria-disabled={busy || undefined}
            >
              <ArrowUp aria-hidden />
            </button>
          )}
        </div>
      </form>
    </div>
  );
}

/** Says before a file is sent that the model is not given it. */
function NotGiven({ kind, model }: { readonly kind: Exclude<Kind, "text">; readonly model: string | undefined }) {
  const known = useStore(models).data?.models.find((one) => one.id === model);
  const takes = { picture: known?.images, pdf: known?.files, audio: known?.audio }[kind];
  if (!known || takes === true) {
    return null;
  }
  const said = texts.composer.notGiven[kind];
  return (
    <p className="unseen" role="status">
      <EyeOff aria-hidden />
      <span>
        <PlainText text={(takes === false ? said.no : said.unknown)(known.title)} />{" "}
        {takes !== false && (
          <button type="button" className="text-button" onClick={() => router.go({ settings: "connections" })}>
            {texts.composer.openConnections}
          </button>
        )}
      </span>
    </p>
  );
}
