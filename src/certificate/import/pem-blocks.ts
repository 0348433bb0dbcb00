/** The blocks of a PEM file (RFC 7468), whatever they hold, in one pass over the text. */
import { REPLY_LIMITS, ReplyError } from "./reply-error";

export interface PemBlock {
  /** `CERTIFICATE`, `PKCS7`, `PRIVATE KEY` and so on. */
  readonly label: string;
  /** The block as it stands, for keys: OpenSSL reads their headers. */
  readonly text: string;
  /** What the base64 holds; empty where headers stand before it. */
  readonly der: Buffer;
}

const BEGIN = "-----BEGIN ";
const DASHES = "-----";
const LABEL = /^[A-Z0-9 ]{1,40}$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

export const looksLikePem = (text: string) => text.includes(BEGIN);

/** @throws ReplyError where a block does not end, or is no base64 */
export function pemBlocks(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  for (let at = text.indexOf(BEGIN); at !== -1; ) {
    const labelEnd = text.indexOf(DASHES, at + BEGIN.length);
    const label = text.slice(at + BEGIN.length, Math.min(labelEnd, at + BEGIN.length + 60));
    const next = text.indexOf(BEGIN, at + BEGIN.length);
    const ending = `-----END ${label}-----`;
    const end = labelEnd === -1 || !LABEL.test(label) ? -1 : text.indexOf(ending, labelEnd);
    if (end === -1 || (next !== -1 && next < end))
      throw unreadable(`block ${blocks.length + 1} of the PEM text has no end that fits its beginning`);
    if (blocks.length === REPLY_LIMITS.parts)
      throw new ReplyError("too-large", `more than ${REPLY_LIMITS.parts} PEM blocks`, "leave out what is not yours");
    const body = text.slice(labelEnd + DASHES.length, end);
    blocks.push({ label, text: `${text.slice(at, end)}${ending}\n`, der: decode(body, blocks.length + 1) });
    at = next;
  }
  return blocks;
}

function decode(body: string, number: number): Buffer {
  if (body.includes(":")) return Buffer.alloc(0); // RFC 1421 headers, as old encrypted keys have them
  const base64 = body.replace(/\s+/g, "");
  if (base64 === "" || !BASE64.test(base64)) throw unreadable(`block ${number} of the PEM text is not base64`);
  return Buffer.from(base64, "base64");
}

const unreadable = (found: string) => new ReplyError("unreadable", found, "get the file again, as text and whole");
