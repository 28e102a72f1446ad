import { type ReactNode, useEffect, useState } from "react";
import type { ApiError } from "../api/client";
import type { Hit } from "../api/types";
import { client, router } from "../state/app";
import { asApiError } from "../state/resource";
import { texts } from "../texts";
import { PlainText } from "../ui/PlainText";

/** So long nothing is typed before the server is asked. */
const PAUSE_MILLIS = 180;

interface Found {
  readonly query: string;
  readonly hits: readonly Hit[];
}

/** The places that have all words of a query, in titles, messages and outputs. */
export function SearchResults({ query, onGone }: { readonly query: string; readonly onGone: () => void }) {
  const [found, setFound] = useState<Found>();
  const [error, setError] = useState<ApiError>();
  useEffect(() => {
    const asking = new AbortController();
    const timer = setTimeout(() => {
      client
        .call("get", "/api/search", { query: { q: query, limit: 60 }, signal: asking.signal })
        .then(({ hits }) => {
          setFound({ query, hits });
          setError(undefined);
        })
        .catch((failure: unknown) => {
          if (!asking.signal.aborted) {
            setError(asApiError(failure));
          }
        });
    }, PAUSE_MILLIS);
    return () => {
      clearTimeout(timer);
      asking.abort();
    };
  }, [query]);

  return (
    <div className="results">
      <p className="sidebar-note" role="status">
        {error ? error.message : found?.query === query ? texts.library.results(found.hits.length) : texts.library.searching}
      </p>
      <ul>
        {found?.hits.map((hit) => (
          <li key={`${hit.conversation.id}-${hit.seq}`} className="row result">
            <a
              href={`/c/${encodeURIComponent(hit.conversation.id)}`}
              onClick={(event) => {
                if (!event.metaKey && !event.ctrlKey && !event.shiftKey) {
                  event.preventDefault();
                  router.go({ conversation: hit.conversation.id, at: hit.seq > 0 ? hit.seq : undefined });
                  onGone();
                }
              }}
            >
              <span className="row-title">
                <PlainText text={hit.conversation.title || texts.sidebar.untitled} />
              </span>
              {hit.seq > 0 && <span className="snippet">{marked(hit.snippet, hit.ranges)}</span>}
            </a>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** A text with what fits marked. */
function marked(text: string, ranges: Hit["ranges"]): ReactNode[] {
  const parts: ReactNode[] = [];
  let from = 0;
  for (const [start = 0, end = 0] of ranges) {
    if (start >= from && end <= text.length) {
      parts.push(<PlainText key={`t${from}`} text={text.slice(from, start)} />);
      parts.push(
        <mark key={`m${start}`}>
          <PlainText text={text.slice(start, end)} />
        </mark>,
      );
      from = end;
    }
  }
  parts.push(<PlainText key={`t${from}`} text={text.slice(from)} />);
  return parts;
}
