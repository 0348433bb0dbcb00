/** A tool that is looked at, as it is run. */
export interface Tool {
  readonly name: string;
  /** Debian package, for its version. */
  readonly package: string;
  /** Where it asks: the servers of the zone themselves, or one resolver. */
  readonly asks: "servers" | "a resolver";
  /** On one domain, run by sh in the peers' folder, with the folder of what it needs as /peer. */
  readonly command: (domain: string) => string;
  /** On all of them in one command, where it can. */
  readonly together?: (domains: readonly string[]) => string;
}

export const OURS = "xmpp-edge dns verify";

/** In place of a domain's label: all of the sample in one command. */
export const ALL = "all";

const dnsviz = (file: string, domains: readonly string[], threads: number) =>
  `dnsviz probe -A -4 -a . -R SOA,NS,A,SRV -d 0 -t ${threads} -o /peer/${file} ` +
  `${domains.flatMap((domain) => [domain, `_xmpp-server._tcp.${domain}`]).join(" ")} && ` +
  `dnsviz grok -t /peer/root.keys -l warning -r /peer/${file}`;

/** Everything a careful user would give each of them, so that it looks at the lab and nowhere else. */
export const TOOLS: readonly Tool[] = [
  {
    name: "zonemaster-cli",
    package: "zonemaster-cli",
    asks: "servers",
    command: (domain) => `zonemaster-cli --hints /peer/hints --level WARNING --json --no-progress --no-ipv6 ${domain}`,
  },
  {
    name: "dnsviz",
    package: "dnsviz",
    asks: "servers",
    command: (domain) => dnsviz(`${domain}.probe`, [domain], 1),
    together: (domains) => dnsviz("all.probe", domains, domains.length),
  },
  {
    name: "prosodyctl check dns",
    package: "prosody",
    asks: "a resolver",
    command: (domain) => `prosodyctl --config /peer/${domain.replace(".example", "")}.cfg.lua check dns`,
  },
  {
    name: "xmpp-dns",
    package: "xmpp-dns",
    asks: "a resolver",
    command: (domain) => `xmpp-dns --no-color -4 -s -v -t --resolver=$RESOLVER --timeout=10 ${domain}`,
  },
];
