import { type RefObject, type UIEvent, useEffect, useRef } from "react";

/** So near to the end the view follows. */
const NEAR = 24;

/** Keeps the end of a scrolled box in view as its content grows, unless the reader has scrolled away. */
export function useTail(content: unknown): { ref: RefObject<HTMLDivElement | null>; onScroll: (event: UIEvent<HTMLDivElement>) => void } {
  const ref = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  const lastTop = useRef(0);
  useEffect(() => {
    if (ref.current && following.current) {
      ref.current.scrollTop = ref.current.scrollHeight;
    }
  }, [content]);
  const onScroll = (event: UIEvent<HTMLDivElement>) => {
    const { scrollHeight, scrollTop, clientHeight } = event.currentTarget;
    const near = scrollHeight - scrollTop - clientHeight < NEAR;
    // Away from the end is who scrolls up, not who makes the window narrower.
    following.current = near || (following.current && scrollTop >= lastTop.current);
    lastTop.current = scrollTop;
  };
  return { ref, onScroll };
}
