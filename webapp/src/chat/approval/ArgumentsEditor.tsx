import { useId, useState } from "react";
import { readJson, writeJson } from "../../api/json";
import { actions } from "../../state/app";
import { useStore } from "../../state/store";
import { reveal } from "../../text/visible";
import { texts } from "../../texts";
import { PlainText } from "../../ui/PlainText";
import { isRecord, text, texts as textsOf } from "../fields";

interface Props {
  readonly task: string;
  /** What the model asked for. */
  readonly original: unknown;
  readonly value: Readonly<Record<string, unknown>>;
  readonly disabled: boolean;
  /** The arguments as they are now; null while they cannot be sent, undefined if they are what the model asked for. */
  readonly onChange: (value: Readonly<Record<string, unknown>> | null | undefined) => void;
  readonly onClose: (reset: boolean) => void;
}

interface Field {
  readonly name: string;
  /** Strings are edited as they are, everything else as JSON. */
  readonly raw: boolean;
  readonly choices: readonly string[];
  readonly required: boolean;
  readonly text: string;
}

/** Lets a user change what a call is given: one field for each parameter, those that were left out too. */
export function ArgumentsEditor({ task, original, value, disabled, onChange, onClose }: Props) {
  const id = useId();
  const schema = useSchema(task);
  const [fields, setFields] = useState(() => fieldsOf(value, schema));
  const wrong = fields.find((field) => parse(field) === null);

  const change = (name: string, next: string) => {
    const changed = fields.map((field) => (field.name === name ? { ...field, text: next } : field));
    setFields(changed);
    const made = objectOf(changed, value);
    onChange(made !== null && writeJson(made) === writeJson(original) ? undefined : made);
  };

  return (
    <div className="arguments-editor" role="group" aria-label={texts.approval.editing(task)}>
      {fields.map((field) => {
        const hidden = [...new Set(reveal(field.text).flatMap((part) => part.hidden ?? []))];
        const common = {
          id: `${id}-${field.name}`,
          className: "input",
          disabled,
          value: field.text,
          "aria-invalid": parse(field) === null || undefined,
          "aria-describedby": hidden.length > 0 ? `${id}-${field.name}-hidden` : undefined,
        };
        return (
          <div key={field.name} className="field">
            <label htmlFor={common.id}>
              <code>
                <PlainText text={field.name} />
              </code>
              {!field.required && <span className="faint"> {texts.approval.optional}</span>}
            </label>
            {field.choices.length > 0 ? (
              <select {...common} onChange={(event) => change(field.name, event.target.value)}>
                {(!field.required || !field.choices.includes(field.text)) && <option value={field.text === "" ? "" : field.text}>{field.text}</option>}
                {field.choices.map((choice) => (
                  <option key={choice} value={choice}>
                    {choice}
                  </option>
                ))}
              </select>
            ) : (
              <textarea
                {...common}
                rows={Math.min(12, field.text.split("\n").length)}
                spellCheck={false}
                dir="ltr"
                onChange={(event) => change(field.name, event.target.value)}
              />
            )}
            {hidden.length > 0 && (
              <p className="field-warning" id={`${id}-${field.name}-hidden`}>
                {texts.approval.hidden(hidden.join(", "))}
              </p>
            )}
          </div>
        );
      })}
      {wrong && (
        <p className="test bad" role="alert">
          {texts.approval.notJson(wrong.name)}
        </p>
      )}
      <div className="connection-buttons">
        <button type="button" className="button small" disabled={wrong !== undefined} onClick={() => onClose(false)}>
          {texts.approval.editDone}
        </button>
        <button type="button" className="button small" onClick={() => onClose(true)}>
          {texts.approval.editReset}
        </button>
      </div>
    </div>
  );
}

function useSchema(task: string): Readonly<Record<string, unknown>> {
  const { data } = useStore(actions);
  const [alias, name] = task.split(".");
  const found = data?.actions.find((action) => action.alias === alias)?.tasks.find((one) => one.name === name)?.parameters;
  return isRecord(found) ? found : {};
}

function fieldsOf(value: Readonly<Record<string, unknown>>, schema: Readonly<Record<string, unknown>>): Field[] {
  const properties = isRecord(schema["properties"]) ? schema["properties"] : {};
  const required = textsOf(schema, "required");
  const names = [...new Set([...Object.keys(value), ...Object.keys(properties)])];
  return names.map((name) => {
    const property = own(properties, name);
    const given = own(value, name);
    const type = isRecord(property) ? text(property, "type") : undefined;
    const raw = given === undefined ? type === "string" : typeof given === "string";
    const choices = type === "boolean" ? ["true", "false"] : raw && isRecord(property) ? textsOf(property, "enum") : [];
    const shown = given === undefined ? "" : typeof given === "string" ? given : writeJson(given, 2);
    return { name, raw, choices, required: required.includes(name) || Object.hasOwn(value, name), text: shown };
  });
}

/** The value of a field, undefined if it is left out, null if it is no JSON. */
function parse(field: Field): { readonly is: unknown } | null | undefined {
  if (field.text === "" && !(field.raw && field.required)) {
    return undefined;
  }
  if (field.raw) {
    return { is: field.text };
  }
  try {
    return { is: readJson(field.text) };
  } catch {
    return null;
  }
}

/** Names come from outside: `constructor` is none that every object has, and `__proto__` is one like any other. */
function own(object: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function objectOf(fields: readonly Field[], before: Readonly<Record<string, unknown>>): Record<string, unknown> | null {
  const made: [string, unknown][] = [];
  for (const field of fields) {
    const parsed = parse(field);
    if (parsed === null) {
      return null;
    }
    if (parsed !== undefined && (parsed.is !== "" || Object.hasOwn(before, field.name) || field.text !== "")) {
      made.push([field.name, parsed.is]);
    }
  }
  return Object.fromEntries(made);
}
