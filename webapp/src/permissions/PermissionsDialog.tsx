import { texts } from "../texts";
import { Dialog } from "../ui/Dialog";
import { PermissionsEditor } from "./PermissionsEditor";

interface Props {
  readonly conversation: string;
  readonly version: number;
  readonly onClose: () => void;
}

export function PermissionsDialog({ conversation, version, onClose }: Props) {
  return (
    <Dialog title={texts.permissions.title} onClose={onClose} className="sheet">
      <div className="dialog-content">
        <PermissionsEditor conversation={conversation} version={version} />
      </div>
    </Dialog>
  );
}
