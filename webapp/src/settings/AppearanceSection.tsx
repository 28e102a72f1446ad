import { client } from "../state/app";
import { useStore } from "../state/store";
import { type Theme, theme } from "../state/theme";
import { report } from "../state/toasts";
import { texts } from "../texts";

const THEMES: readonly Theme[] = ["system", "light", "dark"];

export function AppearanceSection() {
  const chosen = useStore(theme);
  return (
    <>
      <fieldset className="choices">
        <legend>{texts.settings.theme}</legend>
        <div className="segments">
          {THEMES.map((one) => (
            <label key={one}>
              <input type="radio" name="theme" checked={chosen === one} onChange={() => theme.set(one)} />
              <span>{texts.settings.themes[one]}</span>
            </label>
          ))}
        </div>
      </fieldset>
      <button
        type="button"
        className="button"
        onClick={() =>
          void client
            .call("delete", "/api/session", {})
            .then(() => location.assign("/login"))
            .catch(report)
        }
      >
        {texts.settings.signOut}
      </button>
    </>
  );
}
