import { PermissionsEditor } from "../permissions/PermissionsEditor";

/** What holds in all conversations. */
export function PermissionsSection() {
  return <PermissionsEditor conversation={undefined} version={0} />;
}
