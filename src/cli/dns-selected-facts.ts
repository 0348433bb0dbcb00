import { directTlsOwner, type Facts, srvOwner } from "../definition";
import { UsageError } from "./context";
import { printable } from "./output/printable";

/**
 * The facts about the domains that are asked for; those of the Access Edge belong to each.
 * @throws UsageError where one is no local domain
 */
export function selectedFacts(all: Facts, wanted: readonly string[] | undefined): Facts {
  if (wanted === undefined) return all;
  const known = all.probes.map(({ domain }) => domain);
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new UsageError(
      `${printable(unknown, 80)} is no local domain of the definition`,
      `local domains: ${known.slice(0, 10).join(", ")}`,
    );
  const others = known.filter((name) => !wanted.includes(name));
  const owners = others.flatMap((name) => [srvOwner(name), directTlsOwner(name)]);
  const isIn = (domains: readonly string[], name: string) =>
    domains.some((domain) => name === domain || name.endsWith(`.${domain}`));
  // The Access Edge belongs to every domain, in whichever it lies.
  const isOthers = (name: string) => name !== all.accessEdge.fqdn && isIn(others, name) && !isIn(wanted, name);
  return {
    ...all,
    dns: {
      ...all.dns,
      records: all.dns.records.filter(({ type, owner }) =>
        type === "SRV" ? !owners.includes(owner) : type !== "CAA" || !isOthers(owner),
      ),
    },
    certificate: { ...all.certificate, names: all.certificate.names.filter(({ name }) => !isOthers(name)) },
    probes: all.probes.filter(({ domain }) => wanted.includes(domain)),
  };
}
