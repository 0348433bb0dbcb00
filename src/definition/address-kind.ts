import { BlockList, isIP } from "node:net";

/** What an address is good for (RFC 6890 and the registries it founded). */
export type AddressKind = "global" | "documentation" | "private" | "loopback" | "link-local" | "multicast" | "reserved";

const RANGES: readonly (readonly [AddressKind, readonly string[]])[] = [
  ["loopback", ["127.0.0.0/8", "::1/128"]],
  ["link-local", ["169.254.0.0/16", "fe80::/10"]],
  ["private", ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7", "fec0::/10"]],
  ["documentation", ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20"]],
  ["multicast", ["224.0.0.0/4", "ff00::/8"]],
  [
    "reserved",
    [
      "0.0.0.0/8",
      "192.0.0.0/24",
      "192.88.99.0/24",
      "198.18.0.0/15",
      "240.0.0.0/4",
      "::/128",
      "100::/64",
      "2001::/23",
      "2002::/16",
      "5f00::/16",
      "64:ff9b:1::/48",
      // NAT64 of one network alone (RFC 8215): what it leads to is not ours to know
    ],
  ],
];

const lists = RANGES.map(([kind, ranges]) => {
  const list = new BlockList();
  for (const range of ranges) addRange(list, range);
  return [kind, list] as const;
});

/**
 * Adds `address/length` of either family to a list.
 * @throws TypeError, RangeError where it is no range; an address without a length is none
 */
export function addRange(list: BlockList, range: string): void {
  const [address = "", length = ""] = range.split("/");
  if (!/^\d{1,3}$/.test(length)) throw new RangeError(`${range} has no length, such as ${address}/32`);
  list.addSubnet(address, Number(length), isIP(address) === 6 ? "ipv6" : "ipv4");
}

/** The kind of an address; one that carries an IPv4 address inside (mapped, NAT64) is judged by that one too. */
export function addressKind(address: string): AddressKind {
  const family = isIP(address);
  if (family === 0) return "reserved";
  if (family === 6) {
    const inner = embeddedIpv4(address);
    if (inner !== undefined) return addressKind(inner);
  }
  const found = lists.find(([, list]) => list.check(address, family === 6 ? "ipv6" : "ipv4"));
  return found?.[0] ?? "global";
}

/** The IPv4 address inside `::ffff:0:0/96`, `::/96` (deprecated) or `64:ff9b::/96`; undefined where there is none. */
export function embeddedIpv4(address: string): string | undefined {
  const words = ipv6Words(address);
  if (words === undefined) return undefined;
  const zero = (from: number, to: number) => words.slice(from, to).every((word) => word === 0);
  const mapped = zero(0, 5) && words[5] === 0xffff;
  const compatible = zero(0, 6) && !(words[6] === 0 && words[7]! <= 1);
  const translated = words[0] === 0x64 && words[1] === 0xff9b && zero(2, 6);
  if (!mapped && !compatible && !translated) return undefined;
  return [words[6]! >> 8, words[6]! & 255, words[7]! >> 8, words[7]! & 255].join(".");
}

function ipv6Words(address: string): number[] | undefined {
  if (isIP(address) !== 6) return undefined;
  let text = (address.split("%")[0] ?? "").toLowerCase();
  const dotted = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  if (dotted) {
    const [a = 0, b = 0, c = 0, d = 0] = dotted.slice(1).map(Number);
    text = `${text.slice(0, dotted.index)}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  }
  const [head = "", tail] = text.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const gap = tail === undefined ? 0 : 8 - left.length - right.length;
  const words = [...left, ...Array<string>(gap).fill("0"), ...right].map((word) => Number.parseInt(word, 16));
  return words.length === 8 ? words : undefined;
}
