/**
 * Certificate templates of Microsoft's enterprise CAs, as extensions of a request (MS-WCCE section 2.2.2.7.7).
 * Version 1 templates are named (szOID_ENROLL_CERTTYPE_EXTENSION), later ones identified by an object identifier
 * (szOID_CERTIFICATE_TEMPLATE).
 */
import { TAG } from "../der";
import { encodeDer } from "../der-write";
import { CertificateRequestError } from "./request-error";

export const TEMPLATE_NAME = "1.3.6.1.4.1.311.20.2";
export const TEMPLATE_IDENTIFIER = "1.3.6.1.4.1.311.21.7";

const NAME = /^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$/;
const IDENTIFIER = /^([0-2](?:\.(?:0|[1-9]\d{0,15})){1,30})(?::(\d{1,8})(?:\.(\d{1,8}))?)?$/;

export interface TemplateExtension {
  readonly oid: string;
  readonly value: Buffer;
}

/**
 * @param template the template's name, such as `WebServer`; or its identifier, with major and minor version if the CA
 *                 wants them, such as `1.3.6.1.4.1.311.21.8.1.2:100.3`
 * @throws CertificateRequestError `bad-template`
 */
export function templateExtension(template: string): TemplateExtension {
  const [, oid, major, minor] = IDENTIFIER.exec(template) ?? [];
  if (oid !== undefined) {
    const versions = [major, minor].flatMap((part) => (part === undefined ? [] : [encodeInteger(Number(part))]));
    return { oid: TEMPLATE_IDENTIFIER, value: encodeDer(TAG.sequence, encodeOid(oid), ...versions) };
  }
  if (NAME.test(template))
    // BMPString is UTF-16 with the high byte first.
    return {
      oid: TEMPLATE_NAME,
      value: encodeDer(TAG.bmpString, Buffer.from(template, "utf16le").swap16()),
    };
  throw new CertificateRequestError(
    "bad-template",
    `${JSON.stringify(template.slice(0, 80))} is neither a template's name nor its identifier`,
    "give its name, such as WebServer, or its object identifier, such as 1.3.6.1.4.1.311.21.8.1.2:100.3",
  );
}

function encodeOid(oid: string): Buffer {
  const [first = 0, second = 0, ...rest] = oid.split(".").map(Number);
  return encodeDer(TAG.oid, Buffer.from([first * 40 + second, ...rest].flatMap(base128)));
}

/** Seven bits an octet, all but the last marked (X.690 section 8.19.2). */
function base128(number: number): number[] {
  const octets = [number % 128];
  for (let left = Math.floor(number / 128); left > 0; left = Math.floor(left / 128)) octets.unshift(128 + (left % 128));
  return octets;
}

function encodeInteger(number: number): Buffer {
  const hex = number.toString(16);
  const octets = Buffer.from(hex.padStart(hex.length + (hex.length % 2), "0"), "hex");
  return encodeDer(TAG.integer, (octets[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), octets]) : octets);
}
