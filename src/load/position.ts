/** A place in a text, both counted from 1; columns in UTF-16 units, as editors and compilers count. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Translates offsets of a text to positions. Lines are counted only as far as somebody has asked, and once. */
export function positionsIn(text: string): (offset: number) => Position {
  const starts = [0];
  let counted = 0;
  return (offset) => {
    for (; counted < Math.min(offset, text.length); counted++) if (endsLine(text, counted)) starts.push(counted + 1);
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - starts[low]! + 1 };
  };
}

const LINE_FEED = 0x0a;
const RETURN = 0x0d;

/** LF, CR LF or CR alone. */
function endsLine(text: string, at: number): boolean {
  const character = text.charCodeAt(at);
  return character === LINE_FEED || (character === RETURN && text.charCodeAt(at + 1) !== LINE_FEED);
}
