import type { Chance } from "./chance";

const INSERTED = [
  "<",
  ">",
  "&",
  "'",
  '"',
  "/",
  "=",
  "\0",
  "\ufeff",
  "é",
  "&lt;",
  "&#0;",
  "<!--",
  "<!DOCTYPE x>",
  "<?x?>",
  "<![CDATA[",
  "]]>",
  " ",
  "xmlns:a='b'",
];

/** An exchange that goes wrong: pieces left out, repeated, exchanged, cut, damaged, or replaced by others. */
export function mutate(pieces: readonly string[], others: (chance: Chance) => string, chance: Chance): Buffer[] {
  const result = [...pieces];
  for (let change = chance.below(3); change > 0; change--) {
    const at = chance.below(result.length + 1);
    const piece = result[at];
    switch (chance.below(5)) {
      case 0:
        result.splice(at, 1);
        break;
      case 1:
        result.splice(at, 0, piece ?? others(chance));
        break;
      case 2: {
        const other = chance.below(result.length + 1);
        if (piece !== undefined && result[other] !== undefined) [result[at], result[other]] = [result[other]!, piece];
        break;
      }
      default:
        result.splice(at, chance.below(2), others(chance));
    }
  }
  return inPackets(
    result.map((piece) => (chance.once(14) ? damaged(piece, chance) : Buffer.from(piece))),
    chance,
  );
}

function damaged(piece: string, chance: Chance): Buffer {
  const bytes = Buffer.from(piece);
  const at = chance.below(bytes.length + 1);
  const insert = chance.once(3) ? Buffer.from([chance.below(256)]) : Buffer.from(chance.of(INSERTED));
  return Buffer.concat([
    bytes.subarray(0, at),
    chance.once(3) ? Buffer.alloc(0) : insert,
    bytes.subarray(at + chance.below(4)),
  ]);
}

/** As pieces come over a network: most as they were written, some together, some in parts. */
function inPackets(pieces: readonly Buffer[], chance: Chance): Buffer[] {
  const packets: Buffer[] = [];
  for (const piece of pieces) {
    const last = packets.at(-1);
    if (last !== undefined && chance.once(6)) packets[packets.length - 1] = Buffer.concat([last, piece]);
    else if (piece.length > 1 && chance.once(6)) {
      const at = 1 + chance.below(piece.length - 1);
      packets.push(piece.subarray(0, at), piece.subarray(at));
    } else packets.push(piece);
  }
  return packets;
}
