import { ChevronRight, Plus, X } from "lucide-react";
import { useId } from "react";
import { texts } from "../texts";
import type { Choice, Details } from "./connectionDetails";

interface Props {
  readonly details: Details;
  readonly onChange: (details: Details) => void;
}

/** What few connections need. */
export function ConnectionMore({ details, onChange }: Props) {
  const id = useId();
  const set = (change: Partial<Details>) => onChange({ ...details, ...change });
  const header = (at: number, next: readonly [string, string]) =>
    set({ headers: details.headers.map((one, index) => (index === at ? next : one)) });
  return (
    <details className="more">
      <summary>
        <ChevronRight aria-hidden className="chevron" />
        {texts.connection.more}
      </summary>
      <div className="more-fields">
        <div className="field half">
          <label htmlFor={`${id}-protocol`}>{texts.connection.protocol}</label>
          <select id={`${id}-protocol`} className="input" value={details.protocol} onChange={(event) => set({ protocol: event.target.value })}>
            <option value="">{texts.connection.protocols.general}</option>
            <option value="tags">{texts.connection.protocols.tags}</option>
            <option value="native">{texts.connection.protocols.native}</option>
          </select>
        </div>
        {(["images", "files", "audio"] as const).map((what) => (
          <div key={what} className="field half">
            <label htmlFor={`${id}-${what}`}>{texts.connection.takes[what].label}</label>
            <select id={`${id}-${what}`} className="input" value={details[what]} onChange={(event) => set({ [what]: event.target.value as Choice })}>
              {(["unknown", "yes", "no"] as const).map((choice) => (
                <option key={choice} value={choice}>
                  {texts.connection.takes[what][choice]}
                </option>
              ))}
            </select>
          </div>
        ))}
        <div className="field">
          <label htmlFor={`${id}-models`}>{texts.connection.models}</label>
          <textarea
            id={`${id}-models`}
            className="input"
            rows={3}
            value={details.models}
            spellCheck={false}
            aria-describedby={`${id}-models-note`}
            onChange={(event) => set({ models: event.target.value })}
          />
          <p className="faint" id={`${id}-models-note`}>
            {texts.connection.modelsText}
          </p>
        </div>
        <div className="field">
          <label htmlFor={`${id}-context`}>{texts.connection.context}</label>
          <input
            id={`${id}-context`}
            className="input"
            type="number"
            min={1}
            step={1}
            value={details.contextTokens}
            aria-describedby={`${id}-context-note`}
            onChange={(event) => set({ contextTokens: event.target.value })}
          />
          <p className="faint" id={`${id}-context-note`}>
            {texts.connection.contextText}
          </p>
        </div>
        <fieldset className="field">
          <legend>{texts.connection.prices}</legend>
          <div className="inline-form">
            {(
              [
                ["input", texts.connection.priceInput],
                ["output", texts.connection.priceOutput],
                ["cachedInput", texts.connection.priceCached],
              ] as const
            ).map(([name, label]) => (
              <input
                key={name}
                className="input"
                type="number"
                min={0}
                step="any"
                value={details[name]}
                aria-label={label}
                placeholder={label}
                onChange={(event) => set({ [name]: event.target.value })}
              />
            ))}
          </div>
        </fieldset>
        <fieldset className="field">
          <legend>{texts.connection.headers}</legend>
          <p className="faint">{texts.connection.headersText}</p>
          {details.headers.map(([name, value], index) => (
            <div key={index} className="inline-form header-row">
              <input
                className="input"
                value={name}
                spellCheck={false}
                autoComplete="off"
                aria-label={texts.connection.headerName}
                placeholder={texts.connection.headerName}
                onChange={(event) => header(index, [event.target.value, value])}
              />
              <input
                className="input"
                value={value}
                spellCheck={false}
                autoComplete="off"
                aria-label={texts.connection.headerValue(name)}
                onChange={(event) => header(index, [name, event.target.value])}
              />
              <button
                type="button"
                className="icon-button"
                aria-label={texts.connection.removeHeader(name)}
                onClick={() => set({ headers: details.headers.filter((_, at) => at !== index) })}
              >
                <X aria-hidden />
              </button>
            </div>
          ))}
          <div>
            <button type="button" className="button small" onClick={() => set({ headers: [...details.headers, ["", ""]] })}>
              <Plus aria-hidden />
              {texts.connection.addHeader}
            </button>
          </div>
        </fieldset>
      </div>
    </details>
  );
}
