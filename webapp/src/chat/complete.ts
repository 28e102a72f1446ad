import type { ActionInfo } from "../api/types";
import { isRecord, text, texts } from "./fields";

/** Something that can stand in the place of what is being written. */
export interface Completion {
  readonly name: string;
  readonly note: string;
  readonly insert: string;
}

export interface Suggestions {
  /** What is replaced, from here to the cursor. */
  readonly from: number;
  readonly list: readonly Completion[];
  /** The task whose arguments are being written. */
  readonly task: string | undefined;
}

const NONE: Suggestions = { from: 0, list: [], task: undefined };
const MOST = 8;

/** What fits at the cursor: tasks behind `/run` and `{{`, then the names of their parameters. */
export function suggest(message: string, cursor: number, actions: readonly ActionInfo[]): Suggestions {
  const written = message.slice(0, cursor);
  if (/^\/r?u?$/.test(written)) {
    return { from: 0, list: [{ name: "/run", note: "", insert: "/run " }], task: undefined };
  }
  const run = /^\s*\/run\s+(\S*)$/.exec(written);
  if (run) {
    return tasks(run[1] ?? "", cursor, actions, (task) => `${task} `);
  }
  const placeholder = /\{\{\s*([a-z][a-z0-9_]*(?:\.[a-z0-9_]*)?)?$/.exec(written);
  if (placeholder) {
    return tasks(placeholder[1] ?? "", cursor, actions, (task) => `${/\{\{$/.test(written) ? " " : ""}${task}(`);
  }
  const inRun = /^\s*\/run\s+([a-z0-9_]+\.[a-z0-9_]+)\s+([^]*)$/.exec(written);
  const inPlaceholder = inRun ? null : /\{\{\s*([a-z0-9_]+\.[a-z0-9_]+)\(((?:(?!\}\})[^])*)$/.exec(written);
  const found = inRun ?? inPlaceholder;
  return found ? parameters(found[1] ?? "", found[2] ?? "", cursor, actions) : NONE;
}

function tasks(begun: string, cursor: number, actions: readonly ActionInfo[], insert: (task: string) => string): Suggestions {
  const all = actions.flatMap((action) => action.tasks.map((task) => ({ name: `${action.alias}.${task.name}`, note: task.description })));
  const fits = [
    ...all.filter((one) => one.name.startsWith(begun)),
    ...all.filter((one) => !one.name.startsWith(begun) && one.name.includes(begun)),
  ];
  return { from: cursor - begun.length, list: fits.slice(0, MOST).map((one) => ({ ...one, insert: insert(one.name) })), task: undefined };
}

function parameters(task: string, rest: string, cursor: number, actions: readonly ActionInfo[]): Suggestions {
  const [alias, name] = task.split(".");
  const schema = actions.find((action) => action.alias === alias)?.tasks.find((one) => one.name === name)?.parameters;
  const properties = isRecord(schema) && isRecord(schema["properties"]) ? schema["properties"] : undefined;
  if (!isRecord(schema) || !properties) {
    return NONE;
  }
  const begun = /(?:^|[\s,])([a-zA-Z0-9_]*)$/.exec(rest)?.[1];
  if (begun === undefined || inQuotes(rest)) {
    return { ...NONE, task };
  }
  const required = texts(schema, "required");
  const given = new Set([...rest.matchAll(/(?:^|[\s,])([a-zA-Z0-9_]+)=/g)].map((match) => match[1]));
  const list = Object.entries(properties)
    .filter(([one]) => !given.has(one) && one.startsWith(begun))
    .sort(([one], [other]) => Number(required.includes(other)) - Number(required.includes(one)))
    .slice(0, MOST)
    .map(([one, property]) => ({
      name: `${one}=`,
      note: isRecord(property)
        ? [text(property, "type"), required.includes(one) ? undefined : "optional", text(property, "description")].filter((part) => part).join(" · ")
        : "",
      insert: `${one}=`,
    }));
  return { from: cursor - begun.length, list, task };
}

function inQuotes(rest: string): boolean {
  return (rest.replace(/\\./g, "").match(/"/g)?.length ?? 0) % 2 === 1;
}
