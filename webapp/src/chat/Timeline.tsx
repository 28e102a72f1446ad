import { useMemo } from "react";
import type { ConversationInfo } from "../api/types";
import { type Fork, forks } from "../library/family";
import type { Conversation, Pending } from "../state/conversation";
import { texts } from "../texts";
import { Dots } from "./AnswerView";
import { Block } from "./Block";
import { bytes } from "./attach";
import type { Item, View } from "./view";

/** So many entries come and go together in long conversations. */
const BLOCK = 40;
/** Conversations up to here stand in the page as a whole, so that the browser's own search finds everything. */
const WHOLE = 240;

interface Props {
  readonly conversation: Conversation;
  readonly view: View;
  readonly pending: readonly Pending[];
  readonly family: readonly ConversationInfo[];
  /** The entry that is to be shown. */
  readonly sought: string | undefined;
}

/** What was said and done, in order. */
export function Timeline({ conversation, view, pending, family, sought }: Props) {
  const blocks = useMemo(() => cut(view.items), [view.items]);
  const versions = useMemo(() => forksOf(view.items, family, conversation.id), [view.items, family, conversation]);
  const last = view.items.at(-1);
  const waiting = view.turn !== undefined && last !== undefined && last.kind !== "answer";
  return (
    <>
      {blocks.map((items, index) => (
        <Block
          key={index}
          conversation={conversation}
          view={view}
          items={items}
          forks={versions}
          sought={items.some((item) => item.id === sought) ? sought : undefined}
          before={blocks[index - 1]?.at(-1)}
          next={blocks[index + 1]?.[0]}
          kept={view.items.length <= WHOLE || index >= blocks.length - 2 || items.some((item) => item.id === sought)}
        />
      ))}
      {pending.map((message) => (
        <PendingMessage key={message.id} message={message} onResend={() => void conversation.send(message.text, message.uploads, message.id)} />
      ))}
      {waiting && <Dots />}
    </>
  );
}

/** Other versions, by the message that they begin at. */
function forksOf(items: readonly Item[], family: readonly ConversationInfo[], shown: string): ReadonlyMap<string, Fork> {
  const found = new Map<string, Fork>();
  for (const fork of family.length > 1 ? forks(family, shown) : []) {
    const first = items.find((item) => item.kind === "user" && item.seq > fork.seq);
    if (first) {
      found.set(first.id, fork);
    }
  }
  return found;
}

function cut(items: readonly Item[]): Item[][] {
  const blocks: Item[][] = [];
  for (let from = 0; from < items.length; from += BLOCK) {
    blocks.push(items.slice(from, from + BLOCK));
  }
  return blocks;
}

function PendingMessage({ message, onResend }: { readonly message: Pending; readonly onResend: () => void }) {
  return (
    <div className="user">
      {message.uploads.length > 0 && (
        <div className="attached">
          {message.uploads.map((upload, index) =>
            upload.url === undefined ? (
              <span key={index} className="upload">
                {upload.name} <span className="faint">{bytes(upload.size)}</span>
              </span>
            ) : (
              <span key={index} className="attached-picture">
                <img src={upload.url} alt={upload.name} />
              </span>
            ),
          )}
        </div>
      )}
      {message.text !== "" && (
        <div className={message.error ? "bubble failed" : "bubble pending"} dir="auto">
          {message.text}
        </div>
      )}
      {message.error ? (
        <p className="user-note error" role="alert">
          {texts.chat.notSent(message.error.message)}{" "}
          <button type="button" className="text-button" onClick={onResend}>
            {texts.chat.sendAgain}
          </button>
        </p>
      ) : (
        <p className="user-note">{texts.chat.sending}</p>
      )}
    </div>
  );
}
