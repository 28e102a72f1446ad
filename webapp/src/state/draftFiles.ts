/*
 * The files that wait in a composer, kept by this browser beside the draft of the text: until they are sent or taken away, also if the
 * page ends. A browser that stores nothing works as well; it only forgets.
 */

const DATABASE = "rungpt";
const FILES = "files";
/** Of so many drafts; those that were changed longest ago give way. */
const MOST = 8;

interface Kept {
  readonly draft: string;
  readonly at: number;
  readonly files: readonly File[];
}

let opened: Promise<IDBDatabase> | undefined;

function database(): Promise<IDBDatabase> {
  return (opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(DATABASE, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(FILES, { keyPath: "draft" }).createIndex("at", "at");
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error!);
  }));
}

/** In the order in which it is asked, each seeing what the one before did. */
async function within<T>(mode: IDBTransactionMode, use: (files: IDBObjectStore) => IDBRequest<T> | undefined): Promise<T | undefined> {
  try {
    const transaction = (await database()).transaction(FILES, mode);
    const asked = use(transaction.objectStore(FILES));
    return await new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(asked?.result);
      transaction.onabort = () => reject(transaction.error!);
    });
  } catch {
    return undefined;
  }
}

const key = (conversation: string | undefined) => conversation ?? "new";

function put(files: IDBObjectStore, draft: string, list: readonly File[]): undefined {
  if (list.length === 0) {
    files.delete(draft);
    return;
  }
  files.put({ draft, at: Date.now(), files: list } satisfies Kept);
  const all = files.index("at").getAllKeys();
  all.onsuccess = () => all.result.slice(0, -MOST).forEach((old) => files.delete(old));
}

export async function draftFiles(conversation: string | undefined): Promise<readonly File[]> {
  const kept = await within<Kept | undefined>("readonly", (files) => files.get(key(conversation)));
  return kept?.files ?? [];
}

export function setDraftFiles(conversation: string | undefined, list: readonly File[]): void {
  void within("readwrite", (files) => put(files, key(conversation), list));
}

/** Puts the files of a draft to those of another. */
export function moveDraftFiles(from: string, to: string | undefined): void {
  void within("readwrite", (files) => {
    const all = files.getAll() as IDBRequest<Kept[]>;
    all.onsuccess = () => {
      const of = (draft: string) => all.result.find((one) => one.draft === draft)?.files ?? [];
      put(files, key(to), [...of(key(to)), ...of(from)]);
      files.delete(from);
    };
    return all;
  });
}
