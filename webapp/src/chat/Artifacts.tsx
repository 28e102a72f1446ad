import { Download, FileDown } from "lucide-react";
import { memo } from "react";
import { texts } from "../texts";
import { PlainText } from "../ui/PlainText";
import { artifactUrl } from "./artifactUrl";
import { bytes } from "./attach";
import type { Artifact } from "./view";

/** What a browser shows safely; the server sends everything else as a download. */
const PICTURE = /^image\/(?!svg)/;

interface Props {
  readonly conversation: string;
  readonly artifacts: readonly Artifact[];
}

/** The files that a call left: pictures, sound and films to see and hear, all of them to keep. */
export const Artifacts = memo(function Artifacts({ conversation, artifacts }: Props) {
  return (
    <ul className="artifacts" aria-label={texts.call.artifacts}>
      {artifacts.map((artifact) => {
        const url = artifactUrl(conversation, artifact.id);
        return (
          <li key={artifact.id} className="artifact">
            {PICTURE.test(artifact.mediaType) && (
              <a href={url} target="_blank" rel="noreferrer">
                <img src={url} alt={artifact.name} loading="lazy" />
              </a>
            )}
            {artifact.mediaType.startsWith("audio/") && <audio src={url} controls preload="none" aria-label={artifact.name} />}
            {artifact.mediaType.startsWith("video/") && <video src={url} controls preload="none" aria-label={artifact.name} />}
            <a className="artifact-name" href={url} download={artifact.name.split("/").at(-1)}>
              <span className="visually-hidden">{texts.call.download} </span>
              <FileDown aria-hidden />
              <span>
                <PlainText text={artifact.name} />
              </span>
              <span className="faint">{bytes(artifact.size)}</span>
              <Download aria-hidden className="artifact-save" />
            </a>
          </li>
        );
      })}
    </ul>
  );
});
