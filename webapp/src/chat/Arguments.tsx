import { memo } from "react";
import { writeJson } from "../api/json";
import { texts } from "../texts";
import { PlainText } from "../ui/PlainText";
import { isRecord } from "./fields";

/** Strings longer than this are told with their length: what is scrolled out of sight should be known of. */
const LONG = 400;

/** The arguments of a call, exactly: names, and values with everything invisible in them made visible. */
export const Arguments = memo(function Arguments({ value }: { readonly value: unknown }) {
  if (!isRecord(value)) {
    return (
      <pre className="argument-text">
        <PlainText text={typeof value === "string" ? value : writeJson(value, 2)} />
      </pre>
    );
  }
  const entries = Object.entries(value);
  if (entries.length === 0) {
    return <p className="faint">{texts.call.noArguments}</p>;
  }
  return (
    <dl className="arguments">
      {entries.map(([name, argument]) => {
        const text = typeof argument === "string" ? argument : writeJson(argument, 2);
        return (
          <div key={name} className="argument">
            <dt>
              <PlainText text={name} />
              {text.length > LONG && <span className="faint"> · {texts.call.characters(text.length)}</span>}
            </dt>
            <dd>
              <pre className="argument-text" tabIndex={text.length > LONG ? 0 : undefined}>
                <PlainText text={text} />
              </pre>
            </dd>
          </div>
        );
      })}
    </dl>
  );
});

/** The first argument in a few words, for a line. */
export function summary(value: unknown): string {
  if (!isRecord(value)) {
    return "";
  }
  const first = Object.values(value)[0];
  const text = typeof first === "string" ? first : writeJson(first);
  const line = text.trim().split("\n")[0] ?? "";
  return line.length > 120 ? `${line.slice(0, 120)}…` : line;
}
