import { memo, useMemo, useState } from "react";
import { type Span, type Style, terminalLines } from "../text/terminal";
import { texts } from "../texts";
import { HiddenCharacter } from "../ui/PlainText";
import { type Output, runsOf, type StreamName } from "./output";
import { useTail } from "./useTail";

/** Lines beyond this are shown on demand only. */
const SHOWN_LINES = 400;
/** Of more text than this the beginning is left out until all is asked for. */
const SHOWN_CHARACTERS = 200_000;
interface Row {
  readonly stream: StreamName;
  readonly spans: readonly Span[];
}

/** The output of a call, following its end unless the reader has scrolled away. */
export const Terminal = memo(function Terminal({ output, label }: { readonly output: Output; readonly label: string }) {
  const [all, setAll] = useState(false);
  const { rows, cut } = useMemo(() => rowsOf(output, all), [output, all]);
  const shown = all ? rows : rows.slice(-SHOWN_LINES);
  const tail = useTail(rows);

  return (
    <>
      {(cut || shown.length < rows.length) && (
        <button type="button" className="text-button terminal-more" onClick={() => setAll(true)}>
          {texts.call.showAll(countLines(output))}
        </button>
      )}
      <div {...tail} className="terminal" role="log" aria-label={label} aria-live="off" tabIndex={0}>
        {shown.map((row, index) => (
          <div key={rows.length - shown.length + index} className={row.stream === "stdout" ? "terminal-line" : `terminal-line ${row.stream}`}>
            {row.spans.length === 0
              ? "\n"
              : row.spans.map((span, at) => (
                  <span key={at} className={classes(span.style)}>
                    {span.hidden === undefined ? span.text : <HiddenCharacter name={span.hidden} />}
                  </span>
                ))}
          </div>
        ))}
      </div>
    </>
  );
});

function rowsOf(output: Output, all: boolean): { rows: Row[]; cut: boolean } {
  const rows: Row[] = [];
  let budget = all ? Number.POSITIVE_INFINITY : SHOWN_CHARACTERS;
  let cut = false;
  const runs = runsOf(output);
  for (let i = runs.length - 1; i >= 0 && !cut; i--) {
    const run = runs[i];
    if (run) {
      cut = run.text.length > budget || (budget === 0 && run.text.length > 0);
      const text = cut ? run.text.slice(run.text.length - budget) : run.text;
      budget -= text.length;
      rows.unshift(...terminalLines(text).map((spans) => ({ stream: run.stream, spans })));
    }
  }
  return { rows, cut };
}

function countLines(output: Output): number {
  return output.reduce((sum, chunk) => sum + (chunk.text.match(/\n/g)?.length ?? 0), 0);
}

function classes(style: Style): string | undefined {
  const names = [
    style.color !== undefined && `ansi-${style.color}`,
    style.background !== undefined && `ansi-bg-${style.background}`,
    style.bold && "ansi-bold",
    style.dim && "ansi-dim",
    style.italic && "ansi-italic",
    style.underline && "ansi-underline",
  ].filter((name) => name);
  return names.length === 0 ? undefined : names.join(" ");
}
