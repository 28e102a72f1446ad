import { memo, type MouseEvent, useMemo, useRef, useSyncExternalStore } from "react";
import { texts } from "../texts";
import { copy } from "../ui/copy";
import { languagesLoaded, onLanguage } from "./languages";
import { type Cut, recut, type References, renderBlock } from "./render";

const COPIED_MILLIS = 1600;
/** A longer block gets its colours when it is complete: colouring begins anew with every piece that comes. */
const COLOURED_GROWING = 12_000;

interface Props {
  readonly text: string;
  /** Whether more of it is still to come. */
  readonly growing?: boolean;
}

/** Markdown, block by block: of a growing text only the last block is rendered anew. */
export const Markdown = memo(function Markdown({ text, growing }: Props) {
  const before = useRef<Cut>(undefined);
  const cut = useMemo(() => (before.current = recut(before.current, text)), [text]);
  const names = JSON.stringify(cut.references);
  const references = useMemo(() => JSON.parse(names) as References, [names]);
  return (
    <div className={growing ? "markdown growing" : "markdown"} dir="auto" onClick={onClick}>
      {cut.blocks.map((block, index) => (
        <BlockView
          key={index}
          source={block.source}
          references={references}
          colours={!growing || index < cut.blocks.length - 1 || block.source.length <= COLOURED_GROWING}
        />
      ))}
    </div>
  );
});

interface BlockProps {
  readonly source: string;
  readonly references: References;
  readonly colours: boolean;
}

const BlockView = memo(function BlockView({ source, references, colours }: BlockProps) {
  const languages = useSyncExternalStore(onLanguage, languagesLoaded);
  const html = useMemo(() => renderBlock(source, references, colours), [source, references, colours, languages]);
  return <div className="markdown-block" dangerouslySetInnerHTML={{ __html: html }} />;
});

/** The copy buttons of code blocks are part of the HTML. */
function onClick(event: MouseEvent): void {
  const button = (event.target as Element).closest("button.code-copy");
  const code = button?.closest(".code")?.querySelector("code")?.textContent;
  if (!button || code == null) {
    return;
  }
  void copy(code).then((done) => {
    if (done) {
      button.textContent = texts.copied;
      setTimeout(() => (button.textContent = texts.copy), COPIED_MILLIS);
    }
  });
}
