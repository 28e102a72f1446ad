import { useEffect, useState } from "react";

/** What has just appeared takes no answer: a key or click meant for something else must not decide. */
const ARMING_MILLIS = 700;

/** Whether it is there for long enough to be answered. */
export function useArmed(): boolean {
  const [armed, setArmed] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setArmed(true), ARMING_MILLIS);
    return () => clearTimeout(timer);
  }, []);
  return armed;
}
