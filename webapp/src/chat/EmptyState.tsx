import { Clock, Container, FileText, FolderOpen, type LucideIcon, Server, Sparkles } from "lucide-react";
import { models, router, status } from "../state/app";
import { useStore } from "../state/store";
import { sentences } from "../text/sentences";
import { texts } from "../texts";

const ICONS: Readonly<Record<string, LucideIcon>> = { machine: Server, file: FileText, clock: Clock, folder: FolderOpen };

interface Props {
  readonly model: string | undefined;
  readonly onPrompt: (prompt: string) => void;
}

/** What a new conversation shows: what can be asked, and what is missing if something is. */
export function EmptyState({ model, onPrompt }: Props) {
  const parts = useStore(status).data?.parts ?? [];
  const docker = parts.find((part) => part.id === "docker" && !part.ready);
  const known = useStore(models).data !== undefined;
  return (
    <div className="empty">
      <Mark />
      <h1>{texts.empty.greeting}</h1>
      <p className="empty-text">{texts.empty.explanation}</p>
      <ul className="examples">
        {texts.empty.examples.map(({ prompt, note, icon }) => {
          const Icon = ICONS[icon] ?? Server;
          return (
            <li key={prompt}>
              <button type="button" className="example" onClick={() => onPrompt(prompt)}>
                <Icon aria-hidden />
                <span className="example-prompt">{prompt}</span>
                <span className="example-note">{note}</span>
              </button>
            </li>
          );
        })}
      </ul>
      {docker && (
        <div className="hint warning" role="status">
          <Container aria-hidden />
          <div>
            <p className="hint-title">{texts.empty.dockerTitle}</p>
            <p>
              {sentences(docker.reason, docker.remedy)}
            </p>
          </div>
          <button type="button" className="button" onClick={() => void status.reload()}>
            {texts.status.recheck}
          </button>
        </div>
      )}
      {known && (model === undefined || isDemo(model)) && (
        <div className="hint">
          <Sparkles aria-hidden />
          <div>
            <p className="hint-title">{model === undefined ? texts.empty.noModelTitle : texts.empty.demoTitle}</p>
            <p>{model === undefined ? texts.empty.noModelText : texts.empty.demoText}</p>
          </div>
          <button type="button" className="button primary" onClick={() => router.go({ settings: "connections" })}>
            {texts.empty.connect}
          </button>
        </div>
      )}
    </div>
  );
}

/** The scripted model, which is no AI. */
export function isDemo(model: string): boolean {
  return model.startsWith("demo/");
}

export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="9" className="mark-ground" />
      <path d="M10 10.5 16 16l-6 5.5" className="mark-line" />
      <path d="M17.5 21.5h5.5" className="mark-line" />
    </svg>
  );
}
