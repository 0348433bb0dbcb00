/** Distinguished names: shown to people, and compared for directoryName constraints. Never a source of identity. */
import { DerError, DerReader, type DerValue, readOid, TAG } from "./der";

const MAXIMUM_ATTRIBUTES = 64;
const MAXIMUM_SHOWN = 200;
const SHORT: Readonly<Record<string, string>> = {
  "2.5.4.3": "CN",
  "2.5.4.5": "serialNumber",
  "2.5.4.6": "C",
  "2.5.4.7": "L",
  "2.5.4.8": "ST",
  "2.5.4.10": "O",
  "2.5.4.11": "OU",
  "0.9.2342.19200300.100.1.25": "DC",
  "1.2.840.113549.1.9.1": "emailAddress",
};

interface Attribute {
  readonly type: string;
  /** Undefined for a value that is not text. */
  readonly text: string | undefined;
  readonly raw: Buffer;
}

function readText({ tag, content }: DerValue): string | undefined {
  switch (tag) {
    case TAG.utf8String:
      return content.toString("utf8");
    case TAG.printableString:
    case TAG.ia5String:
    case TAG.teletexString:
      return content.toString("latin1");
    case TAG.bmpString:
      return content.length % 2 === 0 ? Buffer.from(content).swap16().toString("utf16le") : undefined;
    default:
      return undefined;
  }
}

/** @param name the whole DER of a Name (RFC 5280 section 4.1.2.4) */
function readAttributes(name: Buffer): Attribute[][] {
  const outer = new DerReader(name, "the name");
  const sequence = outer.inside(TAG.sequence, "the name");
  outer.end();
  const names: Attribute[][] = [];
  let count = 0;
  while (!sequence.done) {
    const set = sequence.inside(TAG.set, "a part of the name");
    const parts: Attribute[] = [];
    while (!set.done) {
      if (++count > MAXIMUM_ATTRIBUTES)
        throw new DerError("der-too-large", `a name of at most ${MAXIMUM_ATTRIBUTES} attributes`, "more");
      const pair = set.inside(TAG.sequence, "an attribute");
      const type = readOid(pair.value(TAG.oid, "the attribute's type"), "the attribute's type");
      const value = pair.any("the attribute's value");
      pair.end();
      parts.push({ type, text: readText(value), raw: value.raw });
    }
    names.push(parts);
  }
  return names;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a log or a terminal
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffd]/g;

/**
 * A name as people write it (RFC 4514 in spirit), safe for logs and terminals and cut at 200 characters.
 * Total: a name that cannot be read is shown as such, for this is what refusals are explained with.
 */
export function showName(name: Buffer): string {
  try {
    const parts = readAttributes(name)
      .map((set) =>
        set.map(({ type, text, raw }) => `${SHORT[type] ?? type}=${text ?? `#${raw.toString("hex")}`}`).join("+"),
      )
      .join(", ");
    const shown = parts.replace(UNPRINTABLE, "?");
    return shown.length > MAXIMUM_SHOWN ? `${shown.slice(0, MAXIMUM_SHOWN)}…` : shown || "(empty name)";
  } catch (error) {
    if (error instanceof DerError) return "(unreadable name)";
    throw error;
  }
}

/**
 * The relative names of a Name, each in one comparable form: case, width and white space do not count
 * (RFC 5280 section 7.1), nor the string type it was written in.
 */
export function comparableNames(name: Buffer): string[] {
  const fold = (text: string) => text.normalize("NFKC").toLowerCase().trim().replace(/\s+/g, " ");
  return readAttributes(name).map((set) =>
    set
      .map(({ type, text, raw }) => JSON.stringify([type, text === undefined ? raw.toString("hex") : fold(text)]))
      .sort()
      .join("+"),
  );
}
