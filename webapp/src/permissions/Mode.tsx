import { useId } from "react";
import type { ApiError } from "../api/client";
import type { Policy } from "../api/types";
import { texts } from "../texts";
import { Section, useSaving } from "./Section";

const MODES = ["border", "always", "full"] as const;

interface Props {
  readonly policy: Policy;
  /** Whether it may follow the mode for all conversations. */
  readonly inherits: boolean;
  readonly save: (policy: Policy) => Promise<ApiError | undefined>;
}

/** When the user is asked. */
export function Mode({ policy, inherits, save }: Props) {
  const name = useId();
  const { error, busy, run } = useSaving();
  const chosen = policy.mode ?? (inherits ? null : "border");
  const general = policy.everywhere?.mode ?? "border";
  return (
    <Section title={texts.permissions.mode} error={error}>
      <div className="modes" role="radiogroup" aria-label={texts.permissions.mode}>
        {[...(inherits ? [null] : []), ...MODES].map((mode) => (
          <label key={mode ?? "inherit"} className={mode === "full" ? "mode full" : "mode"}>
            <input type="radio" name={name} checked={chosen === mode} disabled={busy} onChange={() => void run(save({ mode }))} />
            <span>
              <span className="mode-name">
                {mode === null ? texts.permissions.modes.inherit(texts.permissions.modes[general]) : texts.permissions.modes[mode]}
              </span>
              {mode !== null && <span className="faint">{texts.permissions.modeNotes[mode]}</span>}
            </span>
          </label>
        ))}
      </div>
    </Section>
  );
}
