import { MalformedMessage } from "./malformed-message";

/** Octets before a message's first name. */
export const HEADER = 12;

/**
 * `host`: labels are printable ASCII without a dot. `any`: whatever octets, as in the mailbox of an SOA record; nobody
 * may take its text for a host's name.
 */
export type Labels = "host" | "any";

/**
 * Where the name that starts at `start` ends in place; what its pointers lead to is checked too (RFC 1035 4.1.4).
 * @throws MalformedMessage
 */
export function nameEnd(message: Buffer, start: number, labels: Labels = "host"): number {
  let end: number | undefined;
  let offset = start;
  let octets = 1;
  // Each pointer must lead further back than the name it stands in began: no loop is possible.
  let before = start;
  for (;;) {
    const length = message[offset];
    if (length === undefined) throw new MalformedMessage("it ends inside a name");
    if (length === 0) return end ?? offset + 1;
    if (length >= 0xc0) {
      if (offset + 1 >= message.length) throw new MalformedMessage("it ends inside a name");
      end ??= offset + 2;
      const target = message.readUInt16BE(offset) & 0x3fff;
      if (target >= before || target < HEADER) throw new MalformedMessage("a name's pointer does not lead back");
      offset = before = target;
      continue;
    }
    if (length > 63) throw new MalformedMessage("a name has a label of an unknown kind");
    octets += length + 1;
    if (octets > 255) throw new MalformedMessage("a name is longer than 255 octets");
    if (offset + length >= message.length) throw new MalformedMessage("it ends inside a name");
    if (labels === "host") for (let i = offset + 1; i <= offset + length; i++) checkOctet(message[i]!);
    offset += length + 1;
  }
}

function checkOctet(octet: number): void {
  if (octet <= 0x20 || octet >= 0x7f || octet === 0x2e)
    throw new MalformedMessage(`a label holds the octet 0x${octet.toString(16).padStart(2, "0")}`);
}
