import type { Evidence } from "../../evidence";
import type { Signature } from "../../resolver/dnssec/signature";
import { signatureTimes } from "../../resolver/dnssec/signature-times";
import type { Found } from "../family";
import type { ConcernedZone } from "./concerned-zones";
import { timeText } from "./fault-words";
import { serverNames } from "./zone-servers";

/**
 * The share of a signature's life after which its signer should have made another. Signers as they come make one when
 * a quarter (BIND of old), a fifth and a bit (OpenDNSSEC), a third (BIND, PowerDNS) or a half (knot) is left; a share
 * rather than hours, for those that sign as they are asked give signatures a life of a day or two.
 */
const SHARE_LEFT = 0.2;

/** On signatures that hold and that nobody has made anew: the signer may have stopped. */
export function* expiring(zones: readonly ConcernedZone[], evidence: Evidence): Iterable<Found> {
  for (const zone of zones) {
    const found = expiringIn(zone, evidence);
    if (found !== undefined) yield found;
  }
}

function expiringIn({ name, names, own, asked }: ConcernedZone, { survey, trust, now }: Evidence): Found | undefined {
  const seconds = Math.floor(now / 1000);
  if (!own || trust.zones.get(name)?.status !== "secure") return undefined;
  let count = 0;
  let first: { readonly expires: number; readonly left: number; readonly life: number } | undefined;
  const servers = new Set<string>();
  const nameOf = serverNames(survey, name);
  const look = (signature: Signature): boolean => {
    const times = signatureTimes([signature], seconds);
    if (times === undefined || times.shareLeft >= SHARE_LEFT) return false;
    count++;
    const { expires, left, inception } = times;
    if (first === undefined || expires < first.expires) first = { expires, left, life: expires - inception };
    return true;
  };
  for (const { key } of asked)
    for (const { server, trust: judged } of trust.answers.get(key) ?? []) {
      if (judged?.status !== "secure") continue;
      const old = judged.signatures.filter(look);
      if (old.length > 0) servers.add(nameOf(server));
    }
  if (first === undefined) return undefined;
  const { expires, left, life } = first;
  const [domain = null, ...touches] = names;
  return {
    id: "dnssec-expiring",
    domain,
    ...(touches.length > 0 && { touches }),
    subject: `${name} RRSIG`,
    server: [...servers].join(", "),
    found: `a signature ends at ${timeText(expires)}, in ${span(left)}, of a life of ${span(life)}${count > 1 ? "; so do others" : ""}`,
    expected: "signatures made anew before four fifths of their life are over",
    remedy: `look whether the signer of ${name} still runs, and whether its zone reaches every server; sign it again`,
  };
}

function span(seconds: number): string {
  const hours = seconds / 3600;
  if (hours >= 72) return `${Math.floor(hours / 24)} days`;
  return hours >= 2 ? `${Math.floor(hours)} hours` : `${Math.max(1, Math.floor(seconds / 60))} minutes`;
}
