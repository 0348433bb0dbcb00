import { comparable } from "../../resolver";
import { messageOf } from "../../survey";
import { MAX_HOSTS } from "../../survey/zone-cut";
import { listed } from "../check";
import { wordOf } from "./server-word";
import type { ZoneFound } from "./zone-found";
import type { ZoneView } from "./zone-view";

/** Which servers the zone has by the word of its parent and by its own, and whether they can be found. */
export function* namedServers(view: ZoneView): Iterable<ZoneFound> {
  yield* single(view);
  yield* setDiffers(view);
  for (const { host, why, reason } of view.zone.withoutAddress) {
    const about = { server: host, view, about: [`${view.zone.name} NS`] };
    // Without any server at all nothing else can be said of the zone.
    const alone = view.servers.length === 0;
    if (why === "alias")
      yield {
        ...about,
        id: "ns-alias",
        found: `the name server ${host} is an alias`,
        expected: "a host with addresses of its own",
        remedy: `name the host that ${host} leads to in the NS records, or give ${host} A and AAAA records in place of the alias`,
        ...(alone && { verdict: "fail" as const }),
      };
    else if (why === "absent" || why === "unknown")
      yield {
        ...about,
        id: "ns-unresolvable",
        found: `the name server ${host} has no address that can be found: ${reason}`,
        expected: "an address",
        remedy: `publish the address of ${host}, or take it out of the NS records of ${view.zone.name} and of its parent`,
        ...(alone && { verdict: why === "absent" ? ("fail" as const) : ("unknown" as const) }),
      };
  }
}

function* single(view: ZoneView): Iterable<ZoneFound> {
  const { zone, servers } = view;
  const hosts = new Set([...zone.servers, ...zone.withoutAddress].map(({ host }) => host));
  const addresses = zone.servers.map(({ address }) => address);
  const family = (six: boolean) => new Set(addresses.filter((address) => address.includes(":") === six)).size;
  if (hosts.size === 0 || addresses.length === 0) return;
  // Where a host's address is not known it may be anywhere; that it is not known is told.
  if (hosts.size > 1 && (zone.withoutAddress.length > 0 || Math.max(family(false), family(true)) > 1)) return;
  yield {
    id: "ns-single",
    server: servers.map(({ name }) => name).join(", "),
    found:
      hosts.size === 1
        ? "the zone has one name server"
        : `its name servers ${listed([...hosts])} are all in one address`,
    expected: "two name servers at least, at different places",
    remedy: "add a secondary name server elsewhere, here and at the registrar",
    view,
    about: [`${zone.name} NS`],
  };
}

/** RFC 1034 section 4.2.2. Where the parent is on the same servers, it shows no delegation to compare with. */
function* setDiffers(view: ZoneView): Iterable<ZoneFound> {
  const { zone } = view;
  const referrals = zone.parentSays.flatMap(({ cut }) => (cut.kind === "referral" ? [cut.hosts] : []));
  if (referrals.length === 0) return;
  const parent = [...new Set(referrals.flat())].sort();
  // Of a very long list at the parent only the beginning is kept.
  const whole = parent.length < MAX_HOSTS;
  const differing = new Map<string, { hosts: string[]; servers: string[] }>();
  for (const { name, heard } of view.servers) {
    const own = heard.flatMap((one) => {
      if (one.question.type !== "NS" || one.said.status !== "answered") return [];
      if (wordOf(one, zone.name).kind !== "good") return [];
      return messageOf(one.said).answers.flatMap((record) =>
        record.type === "NS" && comparable(record.name) === zone.name ? [comparable(record.data)] : [],
      );
    });
    const hosts = [...new Set(own)].sort();
    if (hosts.length === 0) continue;
    const isSame = parent.every((host) => hosts.includes(host)) && (!whole || hosts.length === parent.length);
    if (isSame) continue;
    const known = differing.get(hosts.join()) ?? { hosts, servers: [] };
    differing.set(hosts.join(), known);
    known.servers.push(name);
  }
  for (const { hosts, servers } of differing.values()) {
    const above = parent.filter((host) => !hosts.includes(host));
    const below = hosts.filter((host) => !parent.includes(host));
    const found = [
      ...(above.length === 0 ? [] : [`only the parent names ${listed(above)}`]),
      ...(below.length === 0 ? [] : [`only the zone names ${listed(below)}`]),
    ].join("; ");
    const steps = [
      ...below.map((host) => `add ${host} at the registrar, or take it out of the zone's NS records`),
      ...above.map((host) => `add ${host} to the zone's NS records, or take it out at the registrar`),
    ];
    yield {
      id: "ns-set-differs",
      server: servers.join(", "),
      found,
      expected: `the same name servers in both: ${listed(parent)}`,
      remedy: steps.slice(0, 8).join("\n"),
      view,
      about: [`${zone.name} NS`],
    };
  }
}
