import { useEffect, useState } from "react";

/** The time now, moving while somebody looks at it. */
export function useNow(moving: boolean, everyMillis = 1000): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!moving) {
      return;
    }
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), everyMillis);
    return () => clearInterval(timer);
  }, [moving, everyMillis]);
  return now;
}

/** A duration in the words of a stop watch: `0.4 s`, `12 s`, `3 min 05 s`. */
export function duration(millis: number): string {
  const seconds = Math.max(0, millis) / 1000;
  if (millis < 1000) {
    return `${Math.round(Math.max(0, millis))} ms`;
  }
  if (seconds < 10) {
    return `${seconds.toFixed(1)} s`;
  }
  if (seconds < 60) {
    return `${Math.floor(seconds)} s`;
  }
  return `${Math.floor(seconds / 60)} min ${String(Math.floor(seconds % 60)).padStart(2, "0")} s`;
}
