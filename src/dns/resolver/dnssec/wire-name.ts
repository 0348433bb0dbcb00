import { MalformedMessage } from "../message-structure";

/**
 * A domain name as octets: uncompressed, A to Z in lower case (RFC 4034 section 6.2), with the root's empty label at
 * its end. Text joins labels by dots and so cannot tell `a\.b` from `a.b`; what is signed is octets.
 */
export type WireName = Buffer;

export const ROOT: WireName = Buffer.from([0]);

/** The name of A-labels in text, with or without its final dot. */
export function nameFromText(text: string): WireName {
  const bare = text.endsWith(".") ? text.slice(0, -1) : text;
  if (bare === "") return ROOT;
  return fromLabels(bare.split(".").map((label) => Buffer.from(label, "latin1")));
}

const MAXIMUM_OCTETS = 255;

/** For people: no final dot, the root is `.`; octets that a label in text cannot hold are escaped (RFC 1035 5.1). */
export function nameText(name: WireName): string {
  const labels = labelsOf(name).map((label) =>
    [...label]
      .map((octet) => {
        if (octet === 0x2e || octet === 0x5c) return `\\${String.fromCharCode(octet)}`;
        return octet > 0x20 && octet < 0x7f ? String.fromCharCode(octet) : `\\${String(octet).padStart(3, "0")}`;
      })
      .join(""),
  );
  return labels.length === 0 ? "." : labels.join(".");
}

/** The labels, leftmost first, without the root's. */
export function labelsOf(name: WireName): Buffer[] {
  const labels: Buffer[] = [];
  for (let at = 0; name[at]! > 0; at += name[at]! + 1) labels.push(name.subarray(at + 1, at + 1 + name[at]!));
  return labels;
}

export function fromLabels(labels: readonly Buffer[]): WireName {
  const parts = labels.flatMap((label) => [Buffer.from([label.length]), label.map(lower)]);
  const name = Buffer.concat([...parts, ROOT]);
  if (name.length > MAXIMUM_OCTETS || labels.some((label) => label.length === 0 || label.length > 63))
    throw new MalformedMessage("a name that cannot stand in a message");
  return name;
}

/** The name that begins `count` labels above its root. */
export const ancestor = (name: WireName, count: number): WireName =>
  fromLabels(labelsOf(name).slice(-count || Infinity));

/** `*.` below the name (RFC 4592). */
export const wildcardOf = (name: WireName): WireName => fromLabels([Buffer.from("*"), ...labelsOf(name)]);

/** Whether the name is the zone's apex or below it. */
export function isWithin(name: WireName, zone: WireName): boolean {
  let at = 0;
  while (name.length - at > zone.length) at += name[at]! + 1;
  return name.subarray(at).equals(zone);
}

/** Canonical order (RFC 4034 section 6.1): by labels from the root down, each as octets. */
export function compareNames(a: WireName, b: WireName): number {
  const [first, second] = [labelsOf(a).reverse(), labelsOf(b).reverse()];
  for (let i = 0; i < Math.min(first.length, second.length); i++) {
    const order = Buffer.compare(first[i]!, second[i]!);
    if (order !== 0) return order;
  }
  return first.length - second.length;
}

/** The deepest name that both are within. */
export function commonAncestor(a: WireName, b: WireName): WireName {
  const [first, second] = [labelsOf(a).reverse(), labelsOf(b).reverse()];
  let same = 0;
  while (same < Math.min(first.length, second.length) && first[same]!.equals(second[same]!)) same++;
  return fromLabels(first.slice(0, same).reverse());
}

/**
 * Reads a name in a message, following its pointers, each of which must lead further back (RFC 1035 4.1.4).
 * @throws MalformedMessage
 */
export function readName(message: Buffer, start: number): { readonly name: WireName; readonly end: number } {
  let written = 0;
  let end: number | undefined;
  let [offset, before] = [start, start];
  for (;;) {
    const length = message[offset];
    if (length === undefined) throw new MalformedMessage("it ends inside a name");
    if (length === 0) return { name: ended(written), end: end ?? offset + 1 };
    if (length >= 0xc0) {
      if (offset + 1 >= message.length) throw new MalformedMessage("it ends inside a name");
      end ??= offset + 2;
      const target = message.readUInt16BE(offset) & 0x3fff;
      if (target >= before) throw new MalformedMessage("a name's pointer does not lead back");
      offset = before = target;
      continue;
    }
    const next = offset + 1 + length;
    if (length > 63 || next >= message.length || written + 1 + length >= MAXIMUM_OCTETS)
      throw new MalformedMessage("a name is longer than it may be");
    scratch[written++] = length;
    while (++offset < next) scratch[written++] = lower(message[offset]!);
  }
}

/** Where names are put together: a full message holds thousands, each of which may have 127 labels. */
const scratch = Buffer.alloc(MAXIMUM_OCTETS);

function ended(written: number): WireName {
  scratch[written] = 0;
  return Buffer.from(scratch.subarray(0, written + 1));
}

/** Reads a name where no pointer may stand (RFC 3597 section 4, RFC 4034 section 3.1.7); undefined where none does. */
export function readPlainName(
  data: Buffer,
  start: number,
): { readonly name: WireName; readonly end: number } | undefined {
  for (let at = start; data[at] !== 0; at += data[at]! + 1) if (at >= data.length || data[at]! > 63) return undefined;
  try {
    return readName(data, start);
  } catch {
    return undefined;
  }
}

const lower = (octet: number): number => (octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet);
