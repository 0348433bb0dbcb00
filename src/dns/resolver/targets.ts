import { BlockList, isIP } from "node:net";
import { addRange, addressKind, embeddedIpv4 } from "../../definition/address-kind";
import { directTlsOwner, srvOwner } from "../../definition/facts/dns-records";
import { type ForbiddenTarget, forbiddenInWords, forbiddenRemedy } from "./forbidden-targets";
import type { Lookup, NameResolver, SrvAnswer } from "./name-resolver";
import { MAX_TARGETS, orderTargets } from "./srv-order";

/** An address and port to dial, and the host name it came from. */
export interface Target {
  readonly host: string;
  readonly address: string;
  readonly port: number;
  /** TLS begins with the first byte (XEP-0368). */
  readonly directTls?: true;
}

/** Where a partner's server is, or why that is not known. */
export type TargetLookup =
  | {
      readonly ok: true;
      readonly targets: readonly Target[];
      /** Addresses the policy forbids to dial. */
      readonly forbidden: readonly ForbiddenTarget[];
    }
  | {
      readonly ok: false;
      /** `absent`: the DNS says that there is no server; `failed`: it could not be asked. */
      readonly why: "absent" | "failed";
      readonly text: string;
    }
  | { readonly ok: false; readonly why: "forbidden"; readonly text: string; readonly remedy: string };

/** What a target must not be. */
export interface TargetPolicy {
  /** Ranges of this partner and of this run that may be dialled although they are not global. */
  readonly allowed: readonly string[];
  /** Our own addresses and ports. */
  readonly own: readonly { readonly address: string; readonly port: number }[];
  /** Targets that speak TLS from the first byte are wanted too (XEP-0368). */
  readonly directTls?: boolean;
}

/** How many addresses of one host are looked at. */
const MAXIMUM_ADDRESSES = 4;
/** How many addresses a partner's DNS may make us dial, in all. */
const MAXIMUM_DIALLED = 8;
const S2S_PORT = 5269;

/**
 * Finds a partner's addresses: its proxy where it has one, else its SRV records by priority and weight (RFC 2782),
 * those of direct TLS among them (XEP-0368 section 2: one list of both, so that priorities mean something), else its own addresses on 5269 (RFC 6120 section 3.2.2). Each address is judged after resolution, because a hostile
 * partner's SRV record must not reach our metadata service.
 */
export async function findTargets(
  remote: string,
  proxyFqdn: string | undefined,
  resolver: NameResolver,
  policy: TargetPolicy,
  random: () => number,
  signal: AbortSignal,
): Promise<TargetLookup> {
  const hosts = await findHosts(remote, proxyFqdn, resolver, policy.directTls === true, random, signal);
  if (!hosts.ok) return hosts;
  return judged(remote, hosts.hosts, resolver, policy, signal);
}

/** Finds the names and ports of a partner's servers, in the order in which they are tried, at most `MAX_TARGETS`. */
export async function findHosts(
  remote: string,
  proxyFqdn: string | undefined,
  resolver: NameResolver,
  directTls: boolean,
  random: () => number,
  signal: AbortSignal,
): Promise<Hosts> {
  if (proxyFqdn !== undefined) return { ok: true, hosts: [{ host: proxyFqdn, port: S2S_PORT, directTls: undefined }] };
  const found = await srvHosts(remote, resolver, directTls, random, signal);
  return found.ok ? { ok: true, hosts: found.hosts.slice(0, MAX_TARGETS) } : found;
}

/**
 * Finds the addresses of one host that a partner has named itself, judged as those of its DNS are.
 * @param host a name or an address
 */
export function findOtherHost(
  remote: string,
  { host, port }: { readonly host: string; readonly port: number },
  resolver: NameResolver,
  policy: TargetPolicy,
  signal: AbortSignal,
): Promise<TargetLookup> {
  return judged(remote, [{ host, port }], resolver, policy, signal);
}

async function judged(
  remote: string,
  hosts: readonly { host: string; port: number; directTls?: true | undefined }[],
  resolver: NameResolver,
  policy: TargetPolicy,
  signal: AbortSignal,
): Promise<TargetLookup> {
  const byHost: Target[][] = [];
  const forbidden: ForbiddenTarget[] = [];
  let failure: string | undefined;
  const allowed = rangeList(policy.allowed);
  const found = await Promise.all(
    hosts.slice(0, MAX_TARGETS).map(async (one) => ({ ...one, lookup: await addressesOf(one.host, resolver, signal) })),
  );
  for (const { host, port, directTls, lookup } of found) {
    if (lookup.status === "failed") failure = `addresses of ${host}: ${lookup.reason}`;
    if (lookup.status !== "found") continue;
    const own: Target[] = [];
    for (const { address } of lookup.value.slice(0, MAXIMUM_ADDRESSES)) {
      const because = whyNotDialled(address, port, allowed, policy.own);
      if (because === undefined) own.push({ host, address, port, ...(directTls && { directTls }) });
      else forbidden.push({ address, port, because });
    }
    byHost.push(own);
  }
  const targets = atMost(MAXIMUM_DIALLED, byHost);
  if (targets.length > 0) return { ok: true, targets, forbidden };
  if (forbidden.length > 0)
    return {
      ok: false,
      why: "forbidden",
      text: `${remote} points at addresses that are never dialled: ${forbiddenInWords(forbidden)}`,
      remedy: forbiddenRemedy(forbidden, remote),
    };
  if (failure !== undefined) return { ok: false, why: "failed", text: failure };
  return { ok: false, why: "absent", text: `no address for ${hosts.map((one) => one.host).join(", ")}` };
}

/** The first of each family of each host before any other, so that the bound leaves out no host that could answer. */
function atMost(count: number, byHost: readonly (readonly Target[])[]): Target[] {
  const first = byHost.flatMap((targets) => [
    ...targets.filter(({ address }) => isIP(address) === 6).slice(0, 1),
    ...targets.filter(({ address }) => isIP(address) === 4).slice(0, 1),
  ]);
  const all = byHost.flat();
  const chosen = new Set([...first, ...all.filter((target) => !first.includes(target))].slice(0, count));
  return all.filter((target) => chosen.has(target));
}

/** Of a name; an address is its own. */
async function addressesOf(host: string, resolver: NameResolver, signal: AbortSignal) {
  if (isIP(host) === 0) return resolver.addresses(host, { signal });
  return { status: "found" as const, value: [{ address: host }] };
}

export type Hosts =
  | { ok: true; hosts: { host: string; port: number; directTls?: true | undefined }[] }
  | { ok: false; why: "absent" | "failed"; text: string };

async function srvHosts(
  remote: string,
  resolver: NameResolver,
  directTls: boolean,
  random: () => number,
  signal: AbortSignal,
): Promise<Hosts> {
  const [plain, direct] = await Promise.all([
    resolver.srv(srvOwner(remote), { signal }),
    directTls ? resolver.srv(directTlsOwner(remote), { signal }) : undefined,
  ]);
  const answers = [...usable(plain), ...usable(direct).map((one) => ({ ...one, directTls: true as const }))];
  // Of direct TLS a failure says no more than that it cannot be used.
  if (answers.length === 0 && plain.status === "failed")
    return { ok: false, why: "failed", text: `${srvOwner(remote)}: ${plain.reason}` };
  if (plain.status === "absent" && direct?.status !== "found")
    return { ok: true, hosts: [{ host: remote, port: S2S_PORT }] };
  if (answers.length === 0)
    return { ok: false, why: "absent", text: `${remote} says by its SRV record that it has no XMPP server` };
  const ordered = orderTargets<SrvAnswer & { readonly directTls?: true }>(answers, random);
  return {
    ok: true,
    hosts: ordered.map(({ target, port, directTls }) => ({ host: target, port, directTls })),
  };
}

/** The targets of an answer; a root target says that there is none (RFC 2782). */
function usable(lookup: Lookup<readonly SrvAnswer[]> | undefined): readonly SrvAnswer[] {
  return lookup?.status === "found" ? lookup.value.filter(({ target }) => target !== ".") : [];
}

/** @throws TypeError, RangeError where one is no range */
export function rangeList(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) addRange(list, range);
  return list;
}

/** Whether an address may be dialled: global, or allowed by name; never our own. */
export function mayDial(address: string, port: number, allowed: BlockList, own: TargetPolicy["own"]): boolean {
  return whyNotDialled(address, port, allowed, own) === undefined;
}

function whyNotDialled(
  address: string,
  port: number,
  allowed: BlockList,
  own: TargetPolicy["own"],
): ForbiddenTarget["because"] | undefined {
  const plain = embeddedIpv4(address) ?? address;
  if (own.some((one) => one.port === port && isSameAddress(one.address, plain))) return "own";
  if (addressKind(address) === "global" || allowed.check(plain, familyOf(plain))) return undefined;
  return "not-global";
}

const familyOf = (address: string) => (isIP(address) === 6 ? "ipv6" : "ipv4");

/** Whether two addresses are one, however IPv6 is written and whichever carries IPv4 inside. */
function isSameAddress(own: string, dialled: string): boolean {
  const plain = (embeddedIpv4(own) ?? own).split("%")[0]!;
  if (plain === dialled) return true;
  if (isIP(plain) !== 6 || isIP(dialled) !== 6) return false;
  const list = new BlockList();
  list.addAddress(plain, "ipv6");
  return list.check(dialled, "ipv6");
}
