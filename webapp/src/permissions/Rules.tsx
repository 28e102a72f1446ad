import { ArrowDown, ArrowUp, X } from "lucide-react";
import { type FormEvent, useState } from "react";
import type { ApiError } from "../api/client";
import type { Policy } from "../api/types";
import { texts } from "../texts";
import { PlainText } from "../ui/PlainText";
import { Section, useSaving } from "./Section";

type Rule = NonNullable<Policy["rules"]>[number];

const EFFECTS = ["allow", "ask", "deny"] as const;

interface Props {
  readonly policy: Policy;
  readonly save: (policy: Policy) => Promise<ApiError | undefined>;
}

/** The rules, in their order. */
export function Rules({ policy, save }: Props) {
  const { error, busy, run } = useSaving();
  const [effect, setEffect] = useState<Rule["effect"]>("ask");
  const [match, setMatch] = useState("");
  const rules = policy.rules ?? [];
  const everywhere = policy.everywhere?.rules ?? [];
  const put = (next: readonly Rule[]) => run(save({ rules: next }));
  const move = (from: number, to: number) => {
    const next = [...rules];
    next.splice(to, 0, ...next.splice(from, 1));
    void put(next);
  };
  const add = async (event: FormEvent) => {
    event.preventDefault();
    if (match.trim() !== "" && (await put([...rules, { effect, match: match.trim() }]))) {
      // Whoever writes the next one already keeps it.
      setMatch((now) => (now === match ? "" : now));
    }
  };
  return (
    <Section title={texts.permissions.rules} text={texts.permissions.rulesText} error={error}>
      {rules.length === 0 && <p className="faint">{texts.permissions.noRules}</p>}
      <ol className="rows">
        {rules.map((rule, index) => (
          <li key={`${index}-${rule.match}`} className="permission-row">
            <select
              className="input rule-effect"
              aria-label={`${texts.permissions.effect}: ${rule.match}`}
              value={rule.effect}
              disabled={busy}
              onChange={(event) => void put(rules.map((other, at) => (at === index ? { ...other, effect: event.target.value as Rule["effect"] } : other)))}
            >
              <Effects />
            </select>
            <code className="permission-main">
              <PlainText text={rule.match} />
            </code>
            <button
              type="button"
              className="icon-button small"
              aria-label={texts.permissions.up(rule.match)}
              disabled={busy || index === 0}
              onClick={() => move(index, index - 1)}
            >
              <ArrowUp aria-hidden />
            </button>
            <button
              type="button"
              className="icon-button small"
              aria-label={texts.permissions.down(rule.match)}
              disabled={busy || index === rules.length - 1}
              onClick={() => move(index, index + 1)}
            >
              <ArrowDown aria-hidden />
            </button>
            <button
              type="button"
              className="icon-button small"
              aria-label={texts.permissions.removeRule(rule.match)}
              disabled={busy}
              onClick={() => void put(rules.filter((_, at) => at !== index))}
            >
              <X aria-hidden />
            </button>
          </li>
        ))}
      </ol>
      <form className="inline-form" onSubmit={(event) => void add(event)}>
        <select className="input" aria-label={texts.permissions.effect} value={effect} onChange={(event) => setEffect(event.target.value as Rule["effect"])}>
          <Effects />
        </select>
        <input
          type="text"
          className="input"
          value={match}
          spellCheck={false}
          autoComplete="off"
          aria-label={texts.permissions.match}
          placeholder={texts.permissions.matchPlaceholder}
          onChange={(event) => setMatch(event.target.value)}
        />
        <button type="submit" className="button" disabled={busy || match.trim() === ""}>
          {texts.permissions.addRule}
        </button>
      </form>
      {everywhere.length > 0 && (
        <>
          <p className="faint">{texts.permissions.alsoEverywhere}</p>
          <ol className="rows">
            {everywhere.map((rule, index) => (
              <li key={index} className="permission-row">
                <span className="badge quiet">{texts.permissions.effects[rule.effect]}</span>
                <code className="permission-main">
                  <PlainText text={rule.match} />
                </code>
              </li>
            ))}
          </ol>
        </>
      )}
    </Section>
  );
}

function Effects() {
  return EFFECTS.map((one) => (
    <option key={one} value={one}>
      {texts.permissions.effects[one]}
    </option>
  ));
}
