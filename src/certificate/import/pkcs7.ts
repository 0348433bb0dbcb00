/** The certificates of a PKCS#7 file (CMS SignedData without a signature, RFC 5652 section 5.1). */
import { BER, oidOf, readBer } from "./ber";
import { REPLY_LIMITS, ReplyError } from "./reply-error";

/** 1.2.840.113549.1.7.2 */
export const SIGNED_DATA = "2a864886f70d010702";

/**
 * @returns the DER of each certificate, in the order of the file, which means nothing
 * @throws ReplyError, and nothing else, whatever the bytes are
 */
export function certificatesOfPkcs7(bytes: Buffer): Buffer[] {
  const [type, explicit] = readBer(bytes, "the PKCS#7 file").children;
  if (oidOf(type) !== SIGNED_DATA)
    throw new ReplyError("unreadable", "the PKCS#7 file holds no certificates", "ask the CA for the chain (.p7b)");
  const set = explicit?.children[0]?.children.find((part) => part.tag === BER.context0);
  // Attribute certificates and others, which may stand beside, have other tags.
  const certificates = (set?.children ?? []).filter((one) => one.tag === BER.sequence);
  if (certificates.length <= REPLY_LIMITS.parts) return certificates.map((one) => one.raw);
  throw new ReplyError(
    "too-large",
    `the PKCS#7 file has more than ${REPLY_LIMITS.parts} certificates`,
    "ask the CA for your certificate and its chain alone",
  );
}
