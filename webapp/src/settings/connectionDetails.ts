import type { paths } from "../api/schema";
import type { Connection } from "../api/types";
import { texts } from "../texts";

type Body = paths["/api/connections/{name}"]["put"]["requestBody"]["content"]["application/json"];

/** What is said of its models; unknown is what the server says of each. */
export type Choice = "unknown" | "yes" | "no";

/** The fields of a connection as a form holds them. */
export interface Details {
  readonly headers: readonly (readonly [string, string])[];
  readonly models: string;
  readonly contextTokens: string;
  readonly images: Choice;
  readonly files: Choice;
  readonly audio: Choice;
  readonly input: string;
  readonly output: string;
  readonly cachedInput: string;
  readonly protocol: string;
}

export function detailsOf(connection: Connection | undefined): Details {
  const prices = connection?.prices;
  const shown = (number: number | null | undefined) => (number == null ? "" : String(number));
  return {
    headers: Object.entries(connection?.headers ?? {}),
    models: (connection?.models ?? []).join("\n"),
    contextTokens: shown(connection?.contextTokens),
    images: choiceOf(connection?.images),
    files: choiceOf(connection?.files),
    audio: choiceOf(connection?.audio),
    input: shown(prices?.input),
    output: shown(prices?.output),
    cachedInput: shown(prices?.cachedInput),
    protocol: connection?.protocol ?? "",
  };
}

function choiceOf(said: boolean | null | undefined): Choice {
  return said == null ? "unknown" : said ? "yes" : "no";
}

function said(choice: Choice): boolean | null {
  return choice === "unknown" ? null : choice === "yes";
}

/** Everything that the server knows of a connection: what is left out would be forgotten. */
export function bodyOf(details: Details, place: { readonly kind: string; readonly baseUrl: string }): Body {
  const number = (text: string) => (text.trim() === "" ? null : Number(text));
  const input = number(details.input);
  const output = number(details.output);
  if ((input === null) !== (output === null) || (input === null && details.cachedInput.trim() !== "")) {
    throw new Error(texts.connection.pricesIncomplete);
  }
  return {
    ...place,
    headers: Object.fromEntries(details.headers.filter(([name]) => name.trim() !== "").map(([name, value]) => [name.trim(), value])),
    models: details.models
      .split("\n")
      .map((model) => model.trim())
      .filter((model) => model !== ""),
    contextTokens: number(details.contextTokens),
    images: said(details.images),
    files: said(details.files),
    audio: said(details.audio),
    prices: input === null || output === null ? null : { input, output, cachedInput: number(details.cachedInput) },
    protocol: details.protocol === "" ? null : details.protocol,
  };
}
