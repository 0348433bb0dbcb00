import { type Command, Option } from "commander";
import type { ChallengeAnswerer } from "../../certificate/acme/challenge-answerer";
import { ChallengeDns } from "../../certificate/acme/challenge-dns";
import { dnsAnswerer } from "../../certificate/acme/dns-answerer";
import { httpAnswerer, tlsAlpnAnswerer } from "../../certificate/acme/responder/responding-answerer";
import type { DnsHost } from "../../dns/host";
import { parseServerAddress, type ServerAddress, systemServers } from "../../dns/resolver";
import { type NameServer, parseNameServer } from "../../dns/vantage";
import { UsageError } from "../context";
import type { HostChoice } from "./acme-host";
import { repeated, seconds } from "./acme-option";

/** What the command line says about how names are proved. */
export interface AnswererChoice extends HostChoice {
  readonly httpListen?: readonly ServerAddress[];
  readonly tlsAlpnListen?: readonly ServerAddress[];
  readonly resolver?: readonly ServerAddress[];
  readonly nameServer?: readonly NameServer[];
  readonly propagationTimeout: number;
}

/** How the definition has names proved. */
export type Challenge = "dns-01" | "http-01" | "tls-alpn-01";

const PLACE = "Give an address and a port, such as 192.0.2.7:80 or [2001:db8::7]:80.";

/** Adds the options of every challenge. */
export function addAnswererOptions(command: Command): Command {
  return command
    .option("--hook <program>", "publish challenge records by this program: PROGRAM publish|remove, lines on its input")
    .option("--zone-file <file>", "publish challenge records into this file of ours, which your zone includes")
    .option("--manual", "show the challenge records and wait until somebody has published them")
    .addOption(
      new Option(
        "--tsig-key <file>",
        "the key that signs updates with dns.kind rfc2136, instead of the definition's",
      ).env("XMPP_EDGE_TSIG_KEY"),
    )
    .addOption(
      new Option("--resolver <address[:port]>", "find zones by this resolver instead of the system's; may be repeated")
        .env("XMPP_EDGE_RESOLVER")
        .argParser(repeated(parseServerAddress, "Give an address, such as 192.0.2.53 or [2001:db8::53]:5353.")),
    )
    .addOption(
      new Option(
        "--name-server <[zone=]address[:port]>",
        "look for challenge records at this name server instead of the zone's own; may be repeated",
      )
        .env("XMPP_EDGE_ACME_NAME_SERVER")
        .argParser(repeated(parseNameServer, "Give an address or ZONE=ADDRESS, such as contoso.example=192.0.2.53.")),
    )
    .option("--propagation-timeout <seconds>", "how long records may take to show", seconds, 600)
    .addOption(
      new Option(
        "--http-listen <address:port>",
        "with http-01: answer the CA there; may be repeated (default: every address, port 80)",
      )
        .env("XMPP_EDGE_ACME_HTTP_LISTEN")
        .argParser(repeated(place, PLACE)),
    )
    .addOption(
      new Option(
        "--tls-alpn-listen <address:port>",
        "with tls-alpn-01: answer the CA there; may be repeated (default: every address, port 443)",
      )
        .env("XMPP_EDGE_ACME_TLS_ALPN_LISTEN")
        .argParser(repeated(place, PLACE)),
    );
}

/**
 * Proves names as the definition says.
 * @param host where challenge records go; asked for with dns-01 alone
 * @throws UsageError where an option belongs to another challenge: it would be ignored
 */
export async function chosenAnswerer(
  challenge: Challenge,
  choice: AnswererChoice,
  host: () => Promise<DnsHost>,
  { sleep, signal }: { readonly sleep: (milliseconds: number) => Promise<void>; readonly signal: AbortSignal },
): Promise<ChallengeAnswerer> {
  refuseForeign(challenge, choice);
  switch (challenge) {
    case "http-01":
      return httpAnswerer({ listen: choice.httpListen, now: Date.now });
    case "tls-alpn-01":
      return tlsAlpnAnswerer({ listen: choice.tlsAlpnListen, now: Date.now });
    case "dns-01":
      return dnsAnswerer({
        host: await host(),
        dns: new ChallengeDns({
          resolvers: choice.resolver ?? systemServers(),
          ...(choice.nameServer === undefined ? {} : { nameServers: choice.nameServer }),
          patience: choice.propagationTimeout * 1000,
          sleep,
          now: Date.now,
          signal,
        }),
      });
  }
}

function refuseForeign(challenge: Challenge, choice: AnswererChoice): void {
  const owners: readonly (readonly [option: string, of: Challenge, value: unknown])[] = [
    ["--manual", "dns-01", choice.manual],
    ["--hook", "dns-01", choice.hook],
    ["--zone-file", "dns-01", choice.zoneFile],
    ["--http-listen", "http-01", choice.httpListen],
    ["--tls-alpn-listen", "tls-alpn-01", choice.tlsAlpnListen],
  ];
  const foreign = owners.find(([, of, value]) => value !== undefined && of !== challenge);
  if (foreign === undefined) return;
  const [option, of] = foreign;
  throw new UsageError(
    `${option} is given, and the definition has its names proved by ${challenge}`,
    `leave it out, or set certificate.source.challenge to "${of}"`,
  );
}

/** A place to listen at has a port: no default would be right for both challenges. */
const place = (text: string) => (/[\d\]]:\d{1,5}$/.test(text) && isWhole(text) ? parseServerAddress(text) : undefined);

/** Without brackets an IPv6 address ends in what looks like a port. */
const isWhole = (text: string) => text.startsWith("[") || text.indexOf(":") === text.lastIndexOf(":");
