import { type RefObject, useEffect, useState } from "react";

/** Whether the first element of its kind is in sight, at least in part; asked only while there is one. */
export function useInSight(scroller: RefObject<HTMLElement | null>, selector: string, there: boolean): boolean {
  const [inSight, setInSight] = useState(false);
  useEffect(() => {
    const element = there ? scroller.current?.querySelector(selector) : null;
    if (!element) {
      setInSight(false);
      return;
    }
    const observer = new IntersectionObserver(([entry]) => setInSight(entry?.isIntersecting === true), {
      root: scroller.current,
      rootMargin: "-80px 0px",
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [scroller, selector, there]);
  return inSight;
}
