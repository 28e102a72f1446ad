import { expect, test } from "vitest";
import { ApiClient } from "../src/api/client";
import { Conversations } from "../src/state/conversations";

const info = (id: string) => ({ id, title: id, created: "2026-01-01T00:00:00Z", updated: "2026-01-01T00:00:00Z", state: "idle", model: "", protocol: "tags", lastSeq: 1 });

/** A list of three conversations whose server answers requests to delete so. */
async function listed(deleted: () => Response) {
  const asked: { url: string; keepalive: boolean | undefined }[] = [];
  const client = new ApiClient({
    fetch: (url, { method, keepalive }) => {
      if (method === "DELETE") {
        asked.push({ url, keepalive });
        return Promise.resolve(deleted());
      }
      return Promise.resolve(Response.json({ conversations: ["a", "b", "c"].map(info) }));
    },
    wait: () => Promise.resolve(),
    toLogin: () => undefined,
  });
  const conversations = new Conversations(client);
  await conversations.reload();
  conversations.leave(["a", "b"], true);
  return { conversations, asked };
}

test("a conversation goes with all its versions in one request, which outlives the page", async () => {
  const { conversations, asked } = await listed(() => new Response(null, { status: 204 }));
  await conversations.delete("a", ["a", "b"]);
  expect(asked).toEqual([{ url: "/api/conversations/a?versions=true", keepalive: true }]);
  expect(conversations.get().list.map((one) => one.id)).toEqual(["c"]);
  expect(conversations.get().leaving.size).toBe(0);
});

test("what happens while the list is read is not undone by it", async () => {
  const reads: (() => void)[] = [];
  const client = new ApiClient({
    fetch: (url, { method }) => {
      if (method === "POST") {
        return Promise.resolve(Response.json(info("new"), { status: 201 }));
      }
      const pinned = url.includes("pinned");
      return new Promise((done) => reads.push(() => done(Response.json({ conversations: pinned ? [] : ["a", "b"].map((id) => ({ ...info(id), tags: ["old"] })) }))));
    },
    wait: () => Promise.resolve(),
    toLogin: () => undefined,
  });
  const conversations = new Conversations(client);
  const tell = (event: unknown) => (conversations as unknown as { changed(event: unknown): void }).changed(event);
  const reading = conversations.reload();
  await conversations.create(undefined);
  tell({ type: "conversation", data: { ...info("a"), title: "renamed" } });
  tell({ type: "deleted", data: { id: "b" } });
  reads.forEach((answer) => answer());
  await reading;
  expect(conversations.get().list.map(({ id, title, tags }) => [id, title, tags])).toEqual([
    ["new", "new", undefined],
    ["a", "renamed", ["old"]],
  ]);
});

test("what could not be deleted stays in the list", async () => {
  const { conversations } = await listed(() => Response.json({ error: { code: "store", message: "The disk is full." } }, { status: 507 }));
  await expect(conversations.delete("a", ["a", "b"])).rejects.toThrow("The disk is full.");
  expect(conversations.get().list.map((one) => one.id)).toEqual(["a", "b", "c"]);
});
