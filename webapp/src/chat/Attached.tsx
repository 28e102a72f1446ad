import { FileMusic, FileText, X } from "lucide-react";
import { memo, useState } from "react";
import { texts } from "../texts";
import { Dialog } from "../ui/Dialog";
import { PlainText } from "../ui/PlainText";
import { type AttachedFile, bytes, type Upload } from "./attach";
import { artifactUrl } from "./artifactUrl";
import type { Artifact } from "./view";

/** The files that wait in the composer. */
export function Uploads({ uploads, onRemove }: { readonly uploads: readonly Upload[]; readonly onRemove: (upload: Upload) => void }) {
  return (
    <ul className="uploads" aria-label={texts.composer.files}>
      {uploads.map((upload, index) => (
        <li key={index} className="upload">
          {upload.url !== undefined ? <img src={upload.url} alt="" /> : upload.kind === "audio" ? <FileMusic aria-hidden /> : <FileText aria-hidden />}
          <span className="upload-name">
            <PlainText text={upload.name} />
            <span className="faint">{bytes(upload.size)}</span>
          </span>
          <button type="button" className="icon-button small" aria-label={texts.composer.removeFile(upload.name)} onClick={() => onRemove(upload)}>
            <X aria-hidden />
          </button>
        </li>
      ))}
    </ul>
  );
}

interface Props {
  readonly conversation: string;
  /** Those that the model is given as they are. */
  readonly whole: readonly Artifact[];
  readonly files: readonly AttachedFile[];
}

/** The files of a message that was sent. */
export const AttachedFiles = memo(function AttachedFiles({ conversation, whole, files }: Props) {
  const [shown, setShown] = useState<AttachedFile>();
  return (
    <div className="attached">
      {whole.map((file) => (
        <Whole key={file.id} file={file} url={artifactUrl(conversation, file.id)} />
      ))}
      {files.map((file, index) => (
        <button key={index} type="button" className="upload" onClick={() => setShown(file)}>
          <FileText aria-hidden />
          <span className="upload-name">
            <PlainText text={file.name} />
            <span className="faint">{texts.call.characters(file.text.length)}</span>
          </span>
        </button>
      ))}
      {shown && (
        <Dialog title={shown.name} onClose={() => setShown(undefined)} className="sheet">
          <div className="dialog-content">
            <pre className="argument-text whole" tabIndex={0}>
              <PlainText text={shown.text} />
            </pre>
          </div>
        </Dialog>
      )}
    </div>
  );
});

function Whole({ file, url }: { readonly file: Artifact; readonly url: string }) {
  if (file.mediaType.startsWith("audio/")) {
    return (
      <figure className="attached-audio">
        <audio src={url} controls preload="none" aria-label={file.name} />
        <figcaption className="faint">
          <PlainText text={file.name} />
        </figcaption>
      </figure>
    );
  }
  return (
    <a href={url} target="_blank" rel="noreferrer" className="attached-picture">
      {file.mediaType.startsWith("image/") ? (
        <img src={url} alt={file.name} loading="lazy" />
      ) : (
        <span className="upload">
          <FileText aria-hidden />
          <PlainText text={file.name} />
        </span>
      )}
    </a>
  );
}
