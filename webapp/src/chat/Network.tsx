import { Ban, Globe } from "lucide-react";
import { useEffect, useId, useMemo, useState } from "react";
import type { ApiError } from "../api/client";
import type { Access, Grants } from "../api/types";
import { changeGrants, NONE, readGrants } from "../permissions/grants";
import type { Conversation } from "../state/conversation";
import { asApiError } from "../state/resource";
import { sentences } from "../text/sentences";
import { texts } from "../texts";
import { PlainText } from "../ui/PlainText";
import { useArmed } from "./approval/useArmed";
import { bytes } from "./attach";
import { isNotGranted, refusedPlaces } from "./refused";
import type { Call } from "./view";

interface Props {
  readonly conversation: Conversation;
  readonly call: Call;
}

/** The hosts that a call reached, and those that it was refused, which can be granted here. */
export function Network({ conversation, call }: Props) {
  const refused = useMemo(() => refusedPlaces(call.output, call.connections), [call.output, call.connections]);
  const told = call.connections.filter((one) => one.allowed || !isNotGranted(one));
  return told.length === 0 && refused.length === 0 ? null : (
    <div className="call-network">
      <p className="faint">{texts.call.network}</p>
      <ul>
        {told.map(({ host, port, allowed, reason, sent, received }, index) => (
          <li key={index} className={allowed ? "host" : "host refused"}>
            {allowed ? <Globe aria-hidden /> : <Ban aria-hidden />}
            <PlainText text={allowed ? texts.call.connected(`${host}:${port}`, bytes(sent), bytes(received)) : texts.call.refused(`${host}:${port}`, reason)} />
          </li>
        ))}
        {refused.map((place) => (
          <Refused key={place} conversation={conversation} call={call} place={place} />
        ))}
      </ul>
    </div>
  );
}

/** A host that was refused because nobody granted it. */
function Refused({ conversation, call, place }: Props & { readonly place: string }) {
  const id = useId();
  const armed = useArmed();
  const [granted, setGranted] = useState<boolean>();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();
  useEffect(() => {
    let current = true;
    readGrants(conversation.id)
      .then((grants) => current && setGranted(has(grants, call, place)))
      .catch((failure: unknown) => current && setError(asApiError(failure)));
    return () => {
      current = false;
    };
  }, [conversation, call.action, call.contentHash, place]);
  const allow = async () => {
    setBusy(true);
    try {
      setGranted(has(await changeGrants(conversation.id, (grants) => withPlace(grants, call, place)), call, place));
      setError(undefined);
    } catch (failure) {
      setError(asApiError(failure));
    }
    setBusy(false);
  };
  return (
    <li className={granted ? "host granted" : "host refused"}>
      {granted ? <Globe aria-hidden /> : <Ban aria-hidden />}
      <div className="host-offer">
        <span id={id} role="status">
          <PlainText text={granted ? texts.call.hostGranted(place) : texts.call.hostNotGranted(place)} />
        </span>
        {granted === false && (
          <button
            type="button"
            className="button small"
            disabled={!armed || busy}
            aria-describedby={id}
            onClick={(event) => event.nativeEvent.isTrusted && void allow()}
          >
            {texts.call.allowHost}
          </button>
        )}
        {error && (
          <span className="host-problem" role="alert">
            {sentences(error.message, error.remedy)}
          </span>
        )}
      </div>
    </li>
  );
}

/** What is granted to the files of a call: those of the built-in actions share the workspace's sandbox. */
function accessOf(grants: Grants, call: Call): Access {
  return (
    (call.thirdParty
      ? grants.actions?.find((one) => one.action === call.action && one.contentHash === call.contentHash)
      : grants.workspace) ?? NONE
  );
}

function has(grants: Grants, call: Call, place: string): boolean {
  const everywhere = grants.everywhere ? accessOf(grants.everywhere, call).network : [];
  return [...(accessOf(grants, call).network ?? []), ...(everywhere ?? [])].includes(place);
}

function withPlace(grants: Grants, call: Call, place: string): Grants {
  const before = accessOf(grants, call);
  const access = { ...before, network: [...new Set([...(before.network ?? []), place])] };
  if (!call.thirdParty) {
    return { ...grants, workspace: access };
  }
  const { action = "", contentHash = "" } = call;
  const others = (grants.actions ?? []).filter((one) => one.action !== action || one.contentHash !== contentHash);
  return { ...grants, actions: [...others, { ...access, action, contentHash }] };
}
