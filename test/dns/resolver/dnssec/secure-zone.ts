import { delegationsOf } from "../../../../src/dns/resolver/dnssec/delegation";
import { VerificationBudget } from "../../../../src/dns/resolver/dnssec/verification-budget";
import { type SecureZone, trustByKeys } from "../../../../src/dns/resolver/dnssec/zone-trust";
import { dnskeys, ds, NOW, signed, wire, type ZoneKey } from "./signer";

/** The trust in a zone that the key signs. */
export function secureZone(zone: string, ...keys: readonly [ZoneKey, ...ZoneKey[]]): SecureZone {
  const answers = signed(dnskeys(zone, ...keys), zone, keys[0]);
  const judging = { now: NOW, budget: new VerificationBudget() };
  const trust = trustByKeys(
    wire(zone),
    delegationsOf([ds(zone, keys[0])]),
    { exists: true, answers, authorities: [] },
    judging,
  );
  if (trust.status !== "secure") throw new Error(`the zone of the test is ${trust.status}`);
  return trust;
}
