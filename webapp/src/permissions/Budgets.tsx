import { useState } from "react";
import type { Budgets as Told } from "../api/types";
import { texts } from "../texts";
import { Section, useSaving } from "./Section";
import { useBudgets } from "./useBudgets";

const WHOSE = ["turn", "conversation"] as const;
const KINDS = ["steps", "calls", "tokens", "dollars", "minutes"] as const;
type Whose = (typeof WHOSE)[number];
type Kind = (typeof KINDS)[number];

interface Props {
  readonly conversation: string | undefined;
  readonly version: number;
}

/** What a turn and a conversation may spend until the user continues. An empty field is as elsewhere, which it shows. */
export function Budgets({ conversation, version }: Props) {
  const { loaded, failed, set } = useBudgets(conversation, version);
  const { error, run } = useSaving();
  return (
    <Section title={texts.budgets.title} text={texts.budgets.text} error={failed ?? error}>
      {loaded && (
        <table className="budgets">
          <thead>
            <tr>
              <td />
              {WHOSE.map((whose) => (
                <th key={whose} scope="col">
                  {texts.budgets.whose[whose]}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {KINDS.map((kind) => (
              <tr key={kind}>
                <th scope="row">{texts.budgets.kinds[kind]}</th>
                {WHOSE.map((whose) => (
                  <td key={whose}>
                    {!(whose === "conversation" && kind === "steps") && (
                      <Field
                        key={String(part(loaded, whose, kind))}
                        label={`${texts.budgets.kinds[kind]}, ${texts.budgets.whose[whose]}`}
                        own={part(loaded, whose, kind)}
                        holds={part(loaded.effective, whose, kind)}
                        whole={kind !== "dollars"}
                        save={(value) => void run(set((now) => ({ ...now, [whose]: { ...now[whose], [kind]: value } })))}
                      />
                    )}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Section>
  );
}

function part(budgets: Told, whose: Whose, kind: Kind): number | null {
  const of: { readonly [key in Kind]?: number | null } = budgets[whose] ?? {};
  return of[kind] ?? null;
}

interface FieldProps {
  readonly label: string;
  /** What was set here; null if nothing was. */
  readonly own: number | null;
  readonly holds: number | null;
  readonly whole: boolean;
  readonly save: (value: number | null) => void;
}

function Field({ label, own, holds, whole, save }: FieldProps) {
  const [text, setText] = useState(own === null ? "" : String(own));
  const value = read(text, whole);
  const leave = () => {
    if (value !== undefined && value !== own) {
      save(value);
    }
  };
  return (
    <input
      type="text"
      inputMode={whole ? "numeric" : "decimal"}
      className="input"
      value={text}
      autoComplete="off"
      aria-label={label}
      aria-invalid={value === undefined}
      title={value === undefined ? texts.budgets.wrong : undefined}
      placeholder={holds === null || holds === 0 ? texts.budgets.any : holds.toLocaleString("en")}
      onChange={(event) => setText(event.target.value)}
      onBlur={leave}
      onKeyDown={(event) => {
        if (event.key === "Enter") {
          leave();
        }
      }}
    />
  );
}

/** A number, null for nothing, undefined for what is neither. */
function read(text: string, whole: boolean): number | null | undefined {
  const plain = text.replace(/[\s,_$]/g, "");
  if (plain === "") {
    return null;
  }
  return (whole ? /^\d{1,12}$/ : /^\d{1,9}(\.\d{1,6})?$/).test(plain) ? Number(plain) : undefined;
}
