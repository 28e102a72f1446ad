/**
 * Runs tasks not more often than once in so many milliseconds: the first at once, as soon as the events that came with it are
 * there too, later ones when the time is over. A timer and not the next picture, which a page in the background is not asked for.
 */
export function paced(millis: number): (task: () => void) => void {
  let last = Number.NEGATIVE_INFINITY;
  return (task) => {
    const run = () => {
      last = performance.now();
      task();
    };
    const left = last + millis - performance.now();
    if (left <= 0) {
      queueMicrotask(run);
    } else {
      // A timer takes whole milliseconds, and what it leaves out would be too early.
      setTimeout(run, Math.ceil(left));
    }
  };
}
