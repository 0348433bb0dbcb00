import { PATIENCE } from "./patience";
import { PeerRigError } from "./peer-error";

/** Asks again and again until there is an answer other than `undefined`, and gives that back. */
export async function until<T>(
  wanted: string | (() => string),
  look: () => Promise<T | undefined> | T | undefined,
  { timeout = PATIENCE, interval = 50 }: { timeout?: number; interval?: number } = {},
): Promise<T> {
  for (const deadline = Date.now() + timeout; ; ) {
    const answer = await look();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) {
      const missing = typeof wanted === "string" ? wanted : wanted();
      throw new PeerRigError("client-timeout", `nothing within ${timeout} ms; expected ${missing}`);
    }
    await new Promise((done) => setTimeout(done, interval));
  }
}
