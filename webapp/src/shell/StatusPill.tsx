import { ChevronUp } from "lucide-react";
import { router, status } from "../state/app";
import { useStore } from "../state/store";
import { texts } from "../texts";

/** Whether actions can run, in one line; the reasons are a click away. */
export function StatusPill({ onGone }: { readonly onGone: () => void }) {
  const { data, error } = useStore(status);
  const docker = data?.parts.find((part) => part.id === "docker");
  // One model that answers is enough: a connection nobody has set up is no trouble. The settings say how each one stands.
  const isModel = (id: string) => id.startsWith("model-");
  const someModel = data?.parts.some((part) => isModel(part.id) && part.ready);
  const away = data?.parts.filter((part) => !part.ready && !(someModel && isModel(part.id))) ?? [];
  const problem = error ? error.message : docker && !docker.ready ? docker.reason : away[0]?.reason;
  const text = error
    ? texts.status.offline
    : !data
      ? texts.status.checking
      : docker && !docker.ready
        ? texts.status.sandboxAway
        : away.length > 0
          ? texts.status.away(away.length)
          : docker
            ? texts.status.sandboxReady
            : texts.status.allReady;
  const look = error || (docker && !docker.ready) ? "bad" : away.length > 0 ? "warn" : data ? "good" : "";
  return (
    <button
      type="button"
      className="status-pill"
      title={problem ?? docker?.reason}
      onClick={() => {
        router.go({ settings: "status" });
        onGone();
      }}
    >
      <span className={`light ${look}`} aria-hidden="true" />
      <span className="status-text">{text}</span>
      <ChevronUp aria-hidden />
    </button>
  );
}
