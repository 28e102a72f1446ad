import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";

/** So near to the end the view follows. */
const NEAR = 48;

interface Follow {
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly content: RefObject<HTMLDivElement | null>;
  /** Whether the end is in sight. */
  readonly atEnd: boolean;
  readonly toEnd: () => void;
  /** The reader looks at something else now. */
  readonly stay: () => void;
}

/** Keeps the end in sight while it grows, until the reader scrolls up. */
export function useFollow(key: string | undefined): Follow {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  const lastTop = useRef(0);
  const [atEnd, setAtEnd] = useState(true);

  const toEnd = useCallback(() => {
    const element = scroller.current;
    if (element) {
      following.current = true;
      element.scrollTop = element.scrollHeight;
    }
  }, []);

  const stay = useCallback(() => {
    following.current = false;
  }, []);

  useLayoutEffect(() => {
    lastTop.current = 0;
    toEnd();
  }, [key, toEnd]);

  useEffect(() => {
    const element = scroller.current;
    const inner = content.current;
    if (!element || !inner) {
      return;
    }
    const onScroll = () => {
      const near = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR;
      if (element.scrollTop < lastTop.current - 2 && !near) {
        following.current = false;
      } else if (near) {
        following.current = true;
      }
      lastTop.current = element.scrollTop;
      setAtEnd(near);
    };
    const grown = new ResizeObserver(() => {
      if (following.current) {
        element.scrollTop = element.scrollHeight;
      }
      onScroll();
    });
    element.addEventListener("scroll", onScroll, { passive: true });
    grown.observe(inner);
    grown.observe(element);
    return () => {
      element.removeEventListener("scroll", onScroll);
      grown.disconnect();
    };
  }, []);

  return { scroller, content, atEnd, toEnd, stay };
}
