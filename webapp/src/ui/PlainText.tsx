import { memo } from "react";
import { reveal } from "../text/visible";
import { texts } from "../texts";

/** Text exactly as it is; what the eye could not see is shown by its name. */
export const PlainText = memo(function PlainText({ text }: { readonly text: string }) {
  return reveal(text).map((part, index) =>
    part.hidden === undefined ? (
      part.text
    ) : (
      <HiddenCharacter key={index} name={part.hidden} />
    ),
  );
});

export function HiddenCharacter({ name }: { readonly name: string }) {
  return (
    <span className="hidden-character" title={texts.call.hiddenCharacter(name)}>
      {name}
    </span>
  );
}
