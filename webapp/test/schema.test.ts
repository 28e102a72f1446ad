// @vitest-environment node
import { readFile } from "node:fs/promises";
import openapi, { astToString } from "openapi-typescript";
import { expect, it } from "vitest";

it("src/api/schema.ts is what the API's description says; if not: npm run types", async () => {
  const description = new URL("../../docs/api/openapi.yaml", import.meta.url);
  const made = astToString(await openapi(description, { immutable: true, alphabetize: true }));
  const kept = await readFile(new URL("../src/api/schema.ts", import.meta.url), "utf8");
  expect(kept.endsWith(made)).toBe(true);
});
