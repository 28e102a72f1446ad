import { Activity, Archive, Blocks, Cpu, type LucideIcon, Palette, ShieldCheck } from "lucide-react";
import { router } from "../state/app";
import type { Section } from "../state/router";
import { texts } from "../texts";
import { Dialog } from "../ui/Dialog";
import { ActionsSection } from "./ActionsSection";
import { AppearanceSection } from "./AppearanceSection";
import { ConnectionsSection } from "./ConnectionsSection";
import { LibrarySection } from "./LibrarySection";
import { PermissionsSection } from "./PermissionsSection";
import { StatusSection } from "./StatusSection";

const SECTIONS: readonly (readonly [Section, LucideIcon, () => React.JSX.Element])[] = [
  ["connections", Cpu, ConnectionsSection],
  ["actions", Blocks, ActionsSection],
  ["permissions", ShieldCheck, PermissionsSection],
  ["library", Archive, LibrarySection],
  ["status", Activity, StatusSection],
  ["appearance", Palette, AppearanceSection],
];

export function SettingsDialog({ section }: { readonly section: Section }) {
  const Shown = SECTIONS.find(([name]) => name === section)?.[2] ?? ConnectionsSection;
  return (
    <Dialog title={texts.settings.title} onClose={() => router.go({ settings: undefined })} className="settings">
      <div className="settings-body">
        <nav className="settings-nav" aria-label={texts.settings.title}>
          {SECTIONS.map(([name, Icon]) => (
            <button
              key={name}
              type="button"
              aria-current={name === section ? "page" : undefined}
              onClick={() => router.go({ settings: name }, "replace")}
            >
              <Icon aria-hidden />
              {texts.settings.sections[name]}
            </button>
          ))}
        </nav>
        <div className="settings-section" key={section}>
          <Shown />
        </div>
      </div>
    </Dialog>
  );
}
