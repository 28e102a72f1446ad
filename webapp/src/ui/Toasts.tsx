import { X } from "lucide-react";
import { useEffect, useRef } from "react";
import { createPortal } from "react-dom";
import { dialogs } from "../state/dialogs";
import { useStore } from "../state/store";
import { dismiss, toasts } from "../state/toasts";
import { texts } from "../texts";

/** Short messages at the edge; in the top layer, and within the topmost dialog, so that they can be used above it too. */
export function Toasts() {
  const list = useStore(toasts);
  const host = useStore(dialogs).at(-1) ?? document.body;
  const region = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = region.current;
    if (element && list.length > 0) {
      if (element.matches(":popover-open")) {
        element.hidePopover();
      }
      element.showPopover();
    } else if (element?.matches(":popover-open")) {
      element.hidePopover();
    }
  }, [list, host]);
  return createPortal(
    <div ref={region} popover="manual" className="toasts" role="region" aria-label={texts.toast.region} aria-live="polite">
      {list.map((toast) => (
        <div key={toast.id} className={`toast ${toast.kind}`} role={toast.kind === "error" ? "alert" : "status"}>
          <div className="toast-text">
            <span>{toast.text}</span>
            {toast.remedy !== undefined && <span className="toast-remedy">{toast.remedy}</span>}
          </div>
          {toast.action && (
            <button
              type="button"
              className="text-button"
              onClick={() => {
                toast.action?.run();
                dismiss(toast.id);
              }}
            >
              {toast.action.label}
            </button>
          )}
          <button type="button" className="icon-button small" aria-label={texts.close} onClick={() => dismiss(toast.id)}>
            <X aria-hidden />
          </button>
        </div>
      ))}
    </div>,
    host,
  );
}
