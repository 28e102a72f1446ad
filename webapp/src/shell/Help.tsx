import { texts } from "../texts";
import { Dialog } from "../ui/Dialog";

const MAC = /Mac|iPhone|iPad/.test(navigator.userAgent);
const MOD = MAC ? "⌘" : "Ctrl";

const KEYS: readonly (readonly [readonly string[], string])[] = [
  [[MOD, "K"], texts.help.search],
  [[MOD, "Shift", "O"], texts.help.create],
  [[MOD, "B"], texts.help.sidebar],
  [["/"], texts.help.focus],
  [["Enter"], texts.help.send],
  [["Shift", "Enter"], texts.help.newline],
  [["/run"], texts.help.run],
  [["Esc"], texts.help.stop],
  [["?"], texts.help.help],
];

export function Help({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title={texts.help.title} onClose={onClose} className="narrow">
      <dl className="keys">
        {KEYS.map(([keys, what]) => (
          <div key={what}>
            <dt>{what}</dt>
            <dd>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
