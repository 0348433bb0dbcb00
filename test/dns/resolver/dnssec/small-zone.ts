import { TYPE, type WireRecord } from "../../../../src/dns/resolver/dnssec/wire-record";
import {
  a,
  cname,
  ds,
  hashOf,
  type Nsec3Options,
  nsec,
  nsec3,
  record,
  rrsig,
  signed,
  txt,
  wire,
  type ZoneKey,
  zoneKey,
} from "./signer";

export const ZONE = "contoso.example";
const under = (label: string) => `${label}.${ZONE}`;

/** One zone with everything that denials are tricky about, signed whole, and what is true of it. */
const SETS: readonly (readonly WireRecord[])[] = [
  [record(ZONE, TYPE.SOA, Buffer.concat([wire(under("ns")), wire(under("mail")), Buffer.alloc(20, 1)]))],
  [record(ZONE, TYPE.NS, wire(under("ns")))],
  [a(under("www"), 192, 0, 2, 1), a(under("www"), 192, 0, 2, 2)],
  [txt(under("www"), "v=1")],
  [a(under("*.w"), 192, 0, 2, 3)],
  [txt(under("deep.x.w"), "below")],
  [
    record(
      under("_xmpp-server._tcp"),
      TYPE.SRV,
      Buffer.concat([Buffer.from([0, 0, 0, 5, 20, 149]), wire(under("www"))]),
    ),
  ],
  [cname(under("alias"), under("www"))],
  [record(under("old"), TYPE.DNAME, wire("fabrikam.example"))],
  [record(under("safe"), TYPE.NS, wire(under("ns.safe")))],
  [record(under("sub"), TYPE.NS, wire(under("ns.sub")))],
];
const CUTS = ["sub", "safe"].map(under);

export interface SmallZone {
  readonly key: ZoneKey;
  /** Sets of records each with its signature: all that its servers could send. */
  readonly signedSets: readonly (readonly WireRecord[])[];
  readonly denials: readonly (readonly WireRecord[])[];
  /** The word of a child for its own names, by the same key: it must never be taken for the zone's. */
  readonly foreignDenials: readonly (readonly WireRecord[])[];
}

/** @param nsec3Options absence by NSEC3; by NSEC where it is left out */
export function smallZone(nsec3Options?: Omit<Nsec3Options, "types">): SmallZone {
  const key = zoneKey(15);
  const sets = [...SETS, [ds(under("safe"), key)]];
  const authoritative = sets.filter(([first]) => first!.type !== TYPE.NS || first!.owner.equals(wire(ZONE)));
  const typesAt = (name: string) => {
    const types = sets.filter(([first]) => first!.owner.equals(wire(name))).map(([first]) => first!.type);
    return [...types, ...(types.length > 0 && !(name === under("sub")) ? [TYPE.RRSIG] : [])];
  };
  const own = nsec3Options === undefined ? nsecChain(typesAt) : nsec3Chain(typesAt, nsec3Options);
  const sub = under("sub");
  const childs = [
    [nsec(sub, under("z.sub"), [TYPE.NS, TYPE.SOA])],
    [nsec(under("z.sub"), sub, [TYPE.A])],
    [a(under("host.sub"), 192, 0, 2, 9)],
  ].map((set) => signed(set, sub, key));
  return {
    key,
    signedSets: [...authoritative.map((set) => signed(set, ZONE, key)), childs[2]!],
    denials: own.map((one) => [one, rrsig([one], ZONE, key)]),
    foreignDenials: childs.slice(0, 2),
  };
}

const OWNERS = ["", "_xmpp-server._tcp", "alias", "old", "safe", "sub", "*.w", "deep.x.w", "www"];
const NOTHING_BUT_ABOVE = ["_tcp", "w", "x.w"];
const named = (label: string) => (label === "" ? ZONE : under(label));

/** In canonical order, of which the labels here have no finer points than this. */
function nsecChain(typesAt: (name: string) => number[]): WireRecord[] {
  const reversed = (name: string) => name.split(".").reverse().join("\0");
  const names = OWNERS.map(named).sort((one, other) => (reversed(one) < reversed(other) ? -1 : 1));
  return names.map((name, i) => nsec(name, names[(i + 1) % names.length]!, typesAt(name)));
}

function nsec3Chain(typesAt: (name: string) => number[], options: Omit<Nsec3Options, "types">): WireRecord[] {
  const optOut = options.flags === 1;
  const names = [...OWNERS, ...NOTHING_BUT_ABOVE].map(named).filter((name) => !optOut || name !== under("sub"));
  const hashed = names
    .map((name) => ({ name, hash: hashOf(name, options) }))
    .sort((one, other) => Buffer.compare(one.hash, other.hash));
  return hashed.map(({ name, hash }, i) =>
    nsec3(ZONE, hash, hashed[(i + 1) % hashed.length]!.hash, { ...options, types: typesAt(name) }),
  );
}

export const QUESTION_NAMES = [
  ...OWNERS,
  ...NOTHING_BUT_ABOVE,
  "*",
  "a",
  "zz",
  "some.w",
  "a.some.w",
  "a.x.w",
  "a.www",
  "a.old",
  "a.alias",
  "host.sub",
  "z.sub",
  "a.safe",
  "a._tcp",
].map(named);

export type Truth = "records" | "alias" | "no-type" | "no-name" | "not-ours";

/** What is true of a name in the zone (RFC 1034 section 4.3.2, RFC 4592). */
export function truthOf(name: string, type: number): { readonly truth: Truth; readonly data: readonly string[] } {
  const nothing = (truth: Truth) => ({ truth, data: [] });
  const cut = CUTS.find((one) => name === one || name.endsWith(`.${one}`));
  if (cut !== undefined && !(name === cut && type === TYPE.DS)) return nothing("not-ours");
  if (name === ZONE && type === TYPE.DS) return nothing("not-ours");
  if (cut !== undefined) return nothing(cut === under("safe") ? "records" : "no-type");
  if (name.endsWith(`.${under("old")}`)) return nothing("alias");
  const existing = [...OWNERS, ...NOTHING_BUT_ABOVE].map(named);
  const at = (owner: string) => {
    const found = (wanted: number) =>
      SETS.find(([first]) => first!.owner.equals(wire(owner)) && first!.type === wanted);
    const set = found(type);
    if (set !== undefined) return { truth: "records" as const, data: set.map(({ data }) => data.toString("hex")) };
    return nothing(found(TYPE.CNAME) === undefined ? "no-type" : "alias");
  };
  if (existing.includes(name)) return at(name);
  let encloser = name;
  while (!existing.includes(encloser)) encloser = encloser.slice(encloser.indexOf(".") + 1);
  return existing.includes(`*.${encloser}`) ? at(`*.${encloser}`) : nothing("no-name");
}
