/** A text that arrives in pieces at offsets, some twice, some too early. */
export interface Stretch {
  readonly text: string;
  /** Pieces that begin beyond the end of the text. */
  readonly ahead: readonly Piece[];
}

export interface Piece {
  readonly offset: number;
  readonly text: string;
}

export const EMPTY: Stretch = { text: "", ahead: [] };

/** More pieces ahead than this are forgotten: the stored events bring them again. */
const MOST_AHEAD = 256;

/** Adds a piece; what is there already stays as it is, so that a piece may come twice and in any order. */
export function mergePiece(stretch: Stretch, piece: Piece): Stretch {
  if (piece.text === "" || piece.offset < 0) {
    return stretch;
  }
  if (piece.offset > stretch.text.length) {
    return stretch.ahead.length >= MOST_AHEAD ? stretch : { ...stretch, ahead: [...stretch.ahead, piece] };
  }
  const added = piece.text.slice(stretch.text.length - piece.offset);
  if (added === "") {
    return stretch;
  }
  return catchUp(stretch.text + added, stretch.ahead);
}

function catchUp(text: string, ahead: readonly Piece[]): Stretch {
  let waiting = ahead;
  for (;;) {
    const length = text.length;
    const fits = waiting.filter((piece) => piece.offset <= length);
    if (fits.length === 0) {
      return { text, ahead: waiting };
    }
    waiting = waiting.filter((piece) => piece.offset > length);
    for (const piece of fits) {
      text += piece.text.slice(text.length - piece.offset);
    }
  }
}
