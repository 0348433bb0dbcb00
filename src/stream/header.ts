import { dialbackNamespace, serverNamespace, streamsNamespace } from "./namespaces";
import type { StreamError } from "./stream-error";
import { wireAddress } from "./wire-address";
import type { StreamHeader } from "./xml/parser";
import { escapeAttribute } from "./xml/serialise";

/** What a server-to-server stream header says (RFC 6120 section 4.7), as the peer wrote it. */
export interface ServerHeader {
  readonly from?: string;
  readonly to?: string;
  readonly id?: string;
  /** `version` ≥ 1.0: features follow (RFC 6120 section 4.7.5). */
  readonly versioned: boolean;
  /** The peer declared the dialback namespace: it can do XEP-0220 even without features. */
  readonly dialback: boolean;
}

/** An id longer than this is refused: it is compared, hashed and kept. */
const MAXIMUM_ID = 256;

/** Checks namespaces and reads the attributes of a header. Addresses are not judged here. */
export function readHeader(
  header: StreamHeader,
): { ok: true; header: ServerHeader } | { ok: false; error: StreamError } {
  if (header.name !== "stream" || header.ns !== streamsNamespace)
    return {
      ok: false,
      error: { condition: "invalid-namespace", text: `the root must be stream in ${streamsNamespace}` },
    };
  if (header.declared[""] !== serverNamespace)
    return {
      ok: false,
      error: { condition: "invalid-namespace", text: `the default namespace must be ${serverNamespace}` },
    };
  const { from, to, id, version } = header.attrs;
  if (id !== undefined && id.length > MAXIMUM_ID)
    return {
      ok: false,
      error: { condition: "policy-violation", text: `a stream id has at most ${MAXIMUM_ID} characters` },
    };
  const major = /^(\d{1,4})\.\d{1,4}$/.exec(version ?? "")?.[1];
  return {
    ok: true,
    header: {
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...(id === undefined ? {} : { id }),
      versioned: major !== undefined && Number(major) >= 1,
      dialback: Object.values(header.declared).includes(dialbackNamespace),
    },
  };
}

/**
 * The opening of a stream of ours. `from` and `to` are left out only where they are not known; `versioned: false`
 * answers a peer that gave no version: it must not wait for features (RFC 6120 section 4.7.5).
 */
export function openStream(header: {
  from?: string | undefined;
  to?: string | undefined;
  id?: string | undefined;
  versioned?: boolean;
}): string {
  const attribute = (name: string, value: string | undefined) =>
    value === undefined ? "" : ` ${name}='${escapeAttribute(value)}'`;
  return (
    `<?xml version='1.0'?><stream:stream xmlns='${serverNamespace}' xmlns:stream='${streamsNamespace}' xmlns:db='${dialbackNamespace}'` +
    `${attribute("id", header.id)}${attribute("from", header.from && wireAddress(header.from))}${attribute("to", header.to && wireAddress(header.to))} xml:lang='en'${header.versioned === false ? "" : " version='1.0'"}>`
  );
}

export const CLOSE_STREAM = "</stream:stream>";
