import { readTlsa } from "../../certificate/dane";
import { type TlsaEndpoint, tlsaOwner } from "../../certificate/peer-evidence";
import type { SecureResolver } from "./secure-resolver";

type Place = Pick<TlsaEndpoint, "host" | "port">;
export type TlsaLookup =
  | { readonly ok: true; readonly endpoint: TlsaEndpoint }
  /** `absent`: proved not to be there; else it could not be proved. */
  | { readonly ok: false; readonly absent: boolean; readonly text: string };

/** The records of one server, as far as they are proved. */
export async function tlsaOf(
  { host, port }: Place,
  resolver: SecureResolver,
  signal: AbortSignal,
): Promise<TlsaLookup> {
  const owner = tlsaOwner({ host, port });
  const lookup = await resolver.tlsa(owner, { signal });
  if (lookup.status === "absent") return { ok: false, absent: true, text: `${owner} has no TLSA record` };
  if (lookup.status === "failed") return { ok: false, absent: false, text: lookup.reason };
  const records = lookup.value.map(readTlsa).filter((record) => record !== undefined);
  return { ok: true, endpoint: { host, port, records } };
}
