/** Fetches revocation lists over HTTP (RFC 5280 section 4.2.1.13) from the addresses that certificates name. */
import { lookup as systemLookup } from "node:dns";
import { get } from "node:http";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { addRange, addressKind } from "../../definition/address-kind";
import { MAXIMUM_LIST_BYTES } from "./crl";

/** Gives the bytes at a URL. Rejects with a ListFetchError. */
export type ListSource = (url: string, signal?: AbortSignal) => Promise<Buffer>;

/** A list that could not be had. */
export class ListFetchError extends Error {
  override readonly name = "ListFetchError";
  readonly remedy = "let this machine reach the CA's revocation lists over HTTP, or leave the check of them out";

  constructor(
    readonly code: "forbidden-address" | "not-http" | "http-status" | "too-large" | "unreachable" | "timeout",
    message: string,
  ) {
    super(message);
  }
}

export interface ListSourceOptions {
  /** Milliseconds for one list, all of it. Default 10,000. */
  readonly timeout?: number;
  /** Address ranges that may be asked although they are not global, as CIDR. */
  readonly allowedTargets?: readonly string[];
  /** Default: the machine's own. */
  readonly lookup?: typeof systemLookup;
}

/**
 * Lists over plain HTTP. The URL comes from a stranger's certificate: only global addresses are asked, judged after
 * resolution; no redirect is followed; bytes and time are bounded.
 */
export function httpListSource(options: ListSourceOptions = {}): ListSource {
  const { timeout = 10_000, allowedTargets = [], lookup = systemLookup } = options;
  const allowed = new BlockList();
  for (const range of allowedTargets) addRange(allowed, range);
  const mayAsk = (address: string) =>
    addressKind(address) === "global" || allowed.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
  const guarded = guard(lookup, mayAsk);
  return async (url, signal) => {
    const { hostname, protocol } = readUrl(url);
    if (protocol !== "http:") throw new ListFetchError("not-http", `${shown(url)} is no http: address`);
    const literal = hostname.replace(/^\[|\]$/g, "");
    if (isIP(literal) !== 0 && !mayAsk(literal)) throw forbidden(literal);
    const deadline = AbortSignal.timeout(timeout);
    const stop = signal === undefined ? deadline : AbortSignal.any([deadline, signal]);
    try {
      return await download(url, guarded, stop);
    } catch (error) {
      if (deadline.aborted)
        throw new ListFetchError("timeout", `${shown(url)} did not come within ${timeout / 1000} s`);
      if (error instanceof ListFetchError || signal?.aborted) throw error;
      const { code, message } = error as NodeJS.ErrnoException;
      throw new ListFetchError("unreachable", `${shown(url)}: ${code ?? message}`);
    }
  };
}

const shown = (url: string) => JSON.stringify(url.slice(0, 200));
const forbidden = (address: string) =>
  new ListFetchError("forbidden-address", `${address} is not a global address; a certificate may not have it asked`);

function readUrl(url: string): URL {
  try {
    return new URL(url);
  } catch {
    throw new ListFetchError("not-http", `${shown(url)} is no address`);
  }
}

/** A look-up whose every address has to be one that may be asked. */
function guard(lookup: typeof systemLookup, mayAsk: (address: string) => boolean): LookupFunction {
  return (hostname, options, done) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) {
        done(error, "", 0);
        return;
      }
      const refused = addresses.find(({ address }) => !mayAsk(address));
      const [first] = addresses;
      if (refused !== undefined || first === undefined) done(forbidden(refused?.address ?? hostname), "", 0);
      else if (options.all) done(null, addresses);
      else done(null, first.address, first.family);
    });
  };
}

function download(url: string, lookup: LookupFunction, signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // A connection of its own: nothing of one CA's stays behind for another's.
    const request = get(url, { lookup, signal, agent: false, headers: { accept: "application/pkix-crl" } });
    request.on("error", reject);
    request.once("response", (response) => {
      const refuse = (error: ListFetchError) => {
        reject(error);
        request.destroy();
      };
      response.on("error", reject);
      if (response.statusCode !== 200) {
        refuse(new ListFetchError("http-status", `${shown(url)} answered ${response.statusCode}`));
        return;
      }
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MAXIMUM_LIST_BYTES)
          refuse(new ListFetchError("too-large", `${shown(url)} is larger than ${MAXIMUM_LIST_BYTES} bytes`));
        else chunks.push(chunk);
      });
      response.once("end", () => resolve(Buffer.concat(chunks)));
      response.once("close", () => reject(new ListFetchError("unreachable", `${shown(url)} broke off`)));
    });
  });
}
