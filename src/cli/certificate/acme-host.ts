import { lookup } from "node:dns/promises";
import { statSync } from "node:fs";
import {
  type DnsHost,
  hookHost,
  manualHost,
  parseTsigKey,
  rfc2136Host,
  route53Host,
  zoneFileHost,
} from "../../dns/host";
import { parseServerAddress, type ServerAddress } from "../../dns/resolver";
import { UsageError } from "../context";
import { readText } from "../run-options";
import type { WantedCertificate } from "./wanted-certificate";

/** How the command line may replace the definition's host. */
export interface HostChoice {
  readonly manual?: true;
  readonly hook?: string;
  readonly zoneFile?: string;
  readonly tsigKey?: string;
}

/**
 * Where challenge records are published: what the command line says, else the definition's `dns`.
 * @throws UsageError, DnsHostError
 */
export async function challengeHost(
  { dns, tsigKeyFile }: Pick<WantedCertificate, "dns" | "tsigKeyFile">,
  choice: HostChoice,
  show: (text: string) => void,
): Promise<DnsHost> {
  const chosen = [choice.manual, choice.hook, choice.zoneFile].filter((one) => one !== undefined);
  if (chosen.length > 1) throw new UsageError("more than one of --manual, --hook and --zone-file is given", "give one");
  if (choice.manual) return manualHost(show);
  if (choice.hook !== undefined) return hookHost({ command: [choice.hook] });
  if (choice.zoneFile !== undefined) return zoneFileHost(choice.zoneFile);
  switch (dns?.kind) {
    case "route53":
      return route53Host();
    case "rfc2136":
      return rfc2136Host({
        server: await serverOf(dns.server),
        key: tsigKey(choice.tsigKey ?? tsigKeyFile),
        now: Date.now,
      });
    case undefined:
      throw new UsageError(
        "the definition's dns.kind is zone-file: nothing says how challenge records get into the DNS",
        "set dns.kind to route53 or rfc2136, or give --hook PROGRAM, --zone-file FILE or --manual",
      );
  }
}

async function serverOf(text: string): Promise<ServerAddress> {
  const literal = parseServerAddress(text);
  if (literal !== undefined) return literal;
  const [, host = "", port = "53"] = /^([A-Za-z0-9.-]+?)(?::(\d{1,5}))?$/.exec(text) ?? [];
  try {
    const { address } = await lookup(host);
    return { address, port: Number(port) };
  } catch {
    throw new UsageError(
      `dns.server ${text} cannot be looked up`,
      "give an address, or a host name that resolves here",
    );
  }
}

function tsigKey(file: string | undefined) {
  if (file === undefined)
    throw new UsageError(
      "a compiled document names no file, and no TSIG key is given",
      "give it by --tsig-key FILE or XMPP_EDGE_TSIG_KEY",
    );
  const text = readText(file, "dns.tsigKeyFile");
  // Name servers' packages keep such files for a group; the world has no business with them.
  if ((statSync(file).mode & 0o007) !== 0)
    throw new UsageError(`${file} (dns.tsigKeyFile) is open to everybody on this host`, `chmod o= ${file}`);
  return parseTsigKey(text);
}
