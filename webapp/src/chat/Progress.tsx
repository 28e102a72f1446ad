import { LoaderCircle } from "lucide-react";
import { texts } from "../texts";
import { PlainText } from "../ui/PlainText";
import { useTail } from "./useTail";

/** What happens now, and under it what led there: the lines of a build, say. */
export function Progress({ steps }: { readonly steps: readonly string[] }) {
  const tail = useTail(steps);
  const now = steps.at(-1);
  if (now === undefined) {
    return null;
  }
  return (
    <>
      <p className="call-progress">
        <LoaderCircle aria-hidden className="spin" />
        <span>
          <PlainText text={now} />
        </span>
      </p>
      {steps.length > 1 && (
        <div {...tail} className="terminal steps" role="log" aria-label={texts.call.progress} aria-live="off" tabIndex={0}>
          {steps.slice(0, -1).map((step, index) => (
            <div key={index} className="terminal-line">
              <PlainText text={step} />
            </div>
          ))}
        </div>
      )}
    </>
  );
}
