import { LoaderCircle } from "lucide-react";
import type { Conversation } from "../state/conversation";
import { report } from "../state/toasts";
import { texts } from "../texts";
import { PlainText } from "../ui/PlainText";
import type { Call } from "./view";

/** The calls that go on while the model does other things. */
export function BackgroundBar({ conversation, calls }: { readonly conversation: Conversation; readonly calls: readonly Call[] }) {
  return (
    <div className="background-bar">
      <LoaderCircle aria-hidden className="spin" />
      <span role="status">{texts.call.inBackground(calls.length)}</span>
      {calls.map((call) => (
        <span key={call.id} className="chip">
          <code>
            <PlainText text={call.task} />
          </code>
          <button type="button" className="text-button" aria-label={texts.call.stopLabel(call.task)} onClick={() => void conversation.cancel(call.id).catch(report)}>
            {texts.call.stop}
          </button>
        </span>
      ))}
    </div>
  );
}
