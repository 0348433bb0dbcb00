import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/**
 * The dialback key (XEP-0220 section 2.3, made as XEP-0185 advises): HMAC-SHA256 over receiving domain, originating
 * domain and stream id with spaces between, so that no name can run into the next. Domains are prepared and the id is
 * checked for spaces by `isUsableStreamId`.
 */
export function dialbackKey(secret: string, receiving: string, originating: string, streamId: string): string {
  const key = createHash("sha256").update(secret).digest("hex");
  return createHmac("sha256", key).update(`${receiving} ${originating} ${streamId}`).digest("hex");
}

/** Whether two keys are equal, in constant time for keys of one length. */
export function sameKey(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

/** A stream id that can go into a key: not empty, no white space, no longer than 256 characters. */
export function isUsableStreamId(id: string): boolean {
  return id.length > 0 && id.length <= 256 && !/\s/.test(id);
}
