import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { tell } from "../state/toasts";
import { texts } from "../texts";

const SHOWN_MILLIS = 1600;

/** Copies a text; says so if the browser does not allow it. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    tell(texts.toast.copyFailed);
    return false;
  }
}

interface Props {
  readonly label: string;
  readonly text: () => string;
}

export function CopyButton({ label, text }: Props) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) {
      return;
    }
    const timer = setTimeout(() => setCopied(false), SHOWN_MILLIS);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <button
      type="button"
      className="icon-button small"
      aria-label={copied ? texts.copied : label}
      title={copied ? texts.copied : label}
      onClick={() => void copy(text()).then(setCopied)}
    >
      {copied ? <Check aria-hidden /> : <Copy aria-hidden />}
    </button>
  );
}
