import { FileText, X } from "lucide-react";
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
          {upload.url === undefined ? <FileText aria-hidden /> : <img src={upload.url} alt="" />}
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
  readonly pictures: readonly Artifact[];
  readonly files: readonly AttachedFile[];
}

/** The files of a message that was sent. */
export const AttachedFiles = memo(function AttachedFiles({ conversation, pictures, files }: Props) {
  const [shown, setShown] = useState<AttachedFile>();
  return (
    <div className="attached">
      {pictures.map((picture) => (
        <a key={picture.id} href={artifactUrl(conversation, picture.id)} target="_blank" rel="noreferrer" className="attached-picture">
          {picture.mediaType.startsWith("image/") ? (
            <img src={artifactUrl(conversation, picture.id)} alt={picture.name} loading="lazy" />
          ) : (
            <span className="upload">
              <FileText aria-hidden />
              <PlainText text={picture.name} />
            </span>
          )}
        </a>
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
