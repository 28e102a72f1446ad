import { memo, useMemo, useState } from "react";
import { texts } from "../texts";
import { PlainText } from "../ui/PlainText";

/** Lines beyond this are shown on demand only. */
const SHOWN = 400;

/** A unified diff, coloured; what the eye could not see stands there by its name. */
export const Diff = memo(function Diff({ text }: { readonly text: string }) {
  const [all, setAll] = useState(false);
  const lines = useMemo(() => text.replace(/\n$/, "").split("\n"), [text]);
  const shown = all ? lines : lines.slice(0, SHOWN);
  if (text.trim() === "") {
    return <p className="faint">{texts.changes.noDiff}</p>;
  }
  return (
    <>
      <pre className="diff" tabIndex={0} aria-label={texts.changes.diff}>
        {shown.map((line, index) => (
          <span key={index} className={kind(line)}>
            <PlainText text={line} />
            {"\n"}
          </span>
        ))}
      </pre>
      {shown.length < lines.length && (
        <button type="button" className="text-button" onClick={() => setAll(true)}>
          {texts.call.showAll(lines.length)}
        </button>
      )}
    </>
  );
});

function kind(line: string): string {
  if (line.startsWith("+++") || line.startsWith("---") || line.startsWith("diff ")) {
    return "diff-file";
  }
  return line.startsWith("@@") ? "diff-place" : line.startsWith("+") ? "diff-added" : line.startsWith("-") ? "diff-removed" : "diff-same";
}
