/** Fetches a CA's certificate from where another names it (RFC 5280 section 4.2.2.1). Only when the operator said so. */
import { get as httpGet } from "node:http";
import { get as httpsGet } from "node:https";
import type { Certificate } from "../certificate";
import { readReply } from "./read-reply";

const MAXIMUM_BYTES = 65_536;

/** What kept a CA's certificate from being fetched. */
export class FetchError extends Error {
  override readonly name = "FetchError";
  readonly code = "issuer-not-fetched";
  readonly remedy = "get the CA's certificate by hand, and import it along with the reply";
}

/**
 * The certificates at a URL: DER, PKCS#7 or PEM. Follows no redirection.
 * @param milliseconds for the whole of it
 * @throws FetchError, ReplyError
 */
export async function fetchIssuer(url: string, milliseconds = 10_000): Promise<readonly Certificate[]> {
  return readReply(await fetchBytes(url, milliseconds)).certificates;
}

function fetchBytes(url: string, milliseconds: number): Promise<Buffer> {
  const failed = (why: string, cause?: Error) => new FetchError(`${url}: ${why}`, { cause });
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(milliseconds);
    const get = url.startsWith("https:") ? httpsGet : httpGet;
    const request = get(url, { signal, agent: false }, (response) => {
      const { statusCode } = response;
      if (statusCode !== 200) {
        request.destroy(failed(`the server answered ${statusCode}`));
        return;
      }
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        chunks.push(chunk);
        if (bytes > MAXIMUM_BYTES) request.destroy(failed(`it has more than ${MAXIMUM_BYTES} bytes`));
      });
      response.on("end", () => resolve(Buffer.concat(chunks)));
      response.on("error", (error) => reject(error instanceof FetchError ? error : failed(error.message, error)));
    });
    request.on("error", (error) => {
      const late = signal.aborted ? `no answer within ${milliseconds / 1000} s` : error.message;
      reject(error instanceof FetchError ? error : failed(late, error));
    });
  });
}
