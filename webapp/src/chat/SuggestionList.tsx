import { useEffect, useRef } from "react";
import { texts } from "../texts";
import { PlainText } from "../ui/PlainText";
import type { Completion } from "./complete";

interface Props {
  readonly id: string;
  readonly list: readonly Completion[];
  readonly at: number;
  readonly task: string | undefined;
  readonly onChoose: (completion: Completion) => void;
}

/** What can be written next, above the composer; the focus stays where the user writes. */
export function SuggestionList({ id, list, at, task, onChoose }: Props) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    box.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }, [at]);
  return (
    <div className="suggestions" ref={box}>
      <p className="menu-heading">{task === undefined ? texts.composer.suggestions : texts.composer.parametersOf(task)}</p>
      <div role="listbox" id={id} aria-label={texts.composer.suggestions}>
        {list.map((completion, index) => (
          <div
            key={completion.name}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === at}
            className="suggestion"
            onPointerDown={(event) => {
              event.preventDefault();
              onChoose(completion);
            }}
          >
            <code>
              <PlainText text={completion.name} />
            </code>
            <span className="faint">
              <PlainText text={completion.note} />
            </span>
          </div>
        ))}
      </div>
      <p className="suggestions-foot">{texts.composer.suggestionKeys}</p>
    </div>
  );
}
