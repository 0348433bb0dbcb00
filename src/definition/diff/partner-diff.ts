import { createHash } from "node:crypto";
import type { DocumentPartner, PartnerType } from "../facts/gateway-document";
import { METHOD_NAMES, type Method } from "../negotiation";
import { type Change, missingFrom, someOf } from "./change";
import { sameValue } from "./same-value";

/** What each partner may do now that it could not before, and what no longer. */
export function partnerChanges(before: readonly DocumentPartner[], after: readonly DocumentPartner[]): Change[] {
  const old = new Map(before.map((partner) => [partner.domain, partner]));
  const now = new Map(after.map((partner) => [partner.domain, partner]));
  const changes: Change[] = [];
  for (const partner of after) {
    const known = old.get(partner.domain);
    if (known === undefined) changes.push(added(partner));
    else if (!sameValue(known, partner)) changes.push(...changed(known, partner));
  }
  for (const partner of before) if (!now.has(partner.domain)) changes.push(removed(partner));
  return changes;
}

const TRUST: Readonly<Record<PartnerType, number>> = { PublicUnverified: 0, PublicVerified: 1, Federated: 2 };

function added(partner: DocumentPartner): Change {
  const { domain, domains, partnerType, methods, localDomains } = partner;
  const more = domains.length > 1 ? ` with ${someOf(domains.slice(1))}` : "";
  const ours = localDomains === undefined ? "every domain of ours" : someOf(localDomains);
  return {
    part: "partner",
    subject: domain,
    change: "added",
    effect: "grants",
    text: `${domain}${more} may federate with ${ours}: ${partnerType}, by ${namesOf(methods)}`,
  };
}

function removed({ domain, domains }: DocumentPartner): Change {
  const more = domains.length > 1 ? ` with ${someOf(domains.slice(1))}` : "";
  return {
    part: "partner",
    subject: domain,
    change: "removed",
    effect: "revokes",
    text: `${domain}${more} may federate no more: its streams close, what waits for it goes back to its senders, presence is withdrawn`,
  };
}

function changed(before: DocumentPartner, after: DocumentPartner): Change[] {
  const { domain } = after;
  const changes: Change[] = [];
  const say = (effect: Change["effect"], text: string) =>
    changes.push({ part: "partner", subject: domain, change: "changed", effect, text: `${domain}: ${text}` });
  const lists = (
    one: readonly string[],
    other: readonly string[],
    text: (names: string) => string,
    e: Change["effect"],
  ) => {
    const names = missingFrom(one, other);
    if (names.length > 0) say(e, text(someOf(names)));
  };
  if (before.partnerType !== after.partnerType) {
    const lower = TRUST[after.partnerType] < TRUST[before.partnerType];
    say(
      lower ? "revokes" : "grants",
      `${before.partnerType} becomes ${after.partnerType}: ${trustText(before.partnerType, after.partnerType)}`,
    );
  }
  const methods = (list: readonly Method[]) => list.map((method) => METHOD_NAMES[method]);
  lists(methods(before.methods), methods(after.methods), (names) => `${names} is allowed now`, "grants");
  lists(
    methods(after.methods),
    methods(before.methods),
    (names) => `${names} is not allowed any more; such streams close`,
    "revokes",
  );
  if (before.tls !== after.tls) say("neutral", `TLS ${before.tls} becomes ${after.tls}`);
  if (before.sasl !== after.sasl) say("neutral", `SASL ${before.sasl} becomes ${after.sasl}`);
  if (before.dialback !== after.dialback)
    say("neutral", `dialback ${onOff(before.dialback)} becomes ${onOff(after.dialback)}`);
  lists(before.domains, after.domains, (names) => `${names} belongs to it now and may federate`, "grants");
  lists(after.domains, before.domains, (names) => `${names} belongs to it no more`, "revokes");
  localDomainChanges(before, after, say);
  trustChanges(before, after, say);
  if (before.connectionLimit !== after.connectionLimit)
    say("neutral", `at most ${after.connectionLimit} streams, not ${before.connectionLimit}; those that stand stay`);
  if (before.keepAlive !== after.keepAlive) say("neutral", `keep-alive is ${onOff(after.keepAlive)} now`);
  if (before.proxyFqdn !== after.proxyFqdn)
    say(
      "neutral",
      `new streams go ${after.proxyFqdn === undefined ? "where its SRV records point" : `to ${after.proxyFqdn}`}`,
    );
  if (!sameValue(before.allowedTargets, after.allowedTargets))
    say("neutral", `private ranges it may be reached at: ${someOf(after.allowedTargets ?? []) || "none"}`);
  const { blockedUsers: blocked = [] } = after;
  const { blockedUsers: wasBlocked = [] } = before;
  lists(wasBlocked, blocked, (names) => `${names} is blocked: reaches nobody here, nor is reached`, "revokes");
  lists(blocked, wasBlocked, (names) => `${names} is blocked no more`, "grants");
  return changes;
}

type Say = (effect: Change["effect"], text: string) => void;

function localDomainChanges(before: DocumentPartner, after: DocumentPartner, say: Say): void {
  if (sameValue(before.localDomains, after.localDomains)) return;
  if (after.localDomains === undefined) say("grants", "may talk to every domain of ours now");
  else if (before.localDomains === undefined) say("revokes", `may talk to ${someOf(after.localDomains)} alone now`);
  else {
    const more = missingFrom(before.localDomains, after.localDomains);
    const fewer = missingFrom(after.localDomains, before.localDomains);
    if (more.length > 0) say("grants", `may talk to ${someOf(more)} too`);
    if (fewer.length > 0) say("revokes", `may not talk to ${someOf(fewer)} any more`);
  }
}

const PROVED_BY = {
  pkix: "anchors",
  dane: "its TLSA records (DANE)",
  posh: "its POSH document",
} as const;

/** Anchors and pins by hash: enough to know them again, and nothing to copy into a log. */
function trustChanges(before: DocumentPartner, after: DocumentPartner, say: Say): void {
  if (!sameValue(before.trustAnchors, after.trustAnchors))
    say(
      "neutral",
      `its certificates must lead to ${anchorsText(after.trustAnchors)}, not to ${anchorsText(before.trustAnchors)}`,
    );
  if (before.proofType !== after.proofType)
    say(
      "neutral",
      `its certificates are proved by ${PROVED_BY[after.proofType ?? "pkix"]} now, and not by ${PROVED_BY[before.proofType ?? "pkix"]}`,
    );
  if (before.revocation !== after.revocation)
    say(
      STRICTNESS.indexOf(after.revocation) > STRICTNESS.indexOf(before.revocation) ? "revokes" : "grants",
      `revoked certificates: ${REVOCATION[after.revocation ?? "off"]}`,
    );
  if (sameValue(before.pins, after.pins)) return;
  if (after.pins === undefined) say("grants", "its certificate may have any key now, no pin is set");
  else {
    const fewer = before.pins === undefined || missingFrom(after.pins, before.pins).length > 0;
    say(
      fewer ? "revokes" : "grants",
      `its certificate must have one of ${after.pins.length} pinned keys (${someOf(after.pins.map(short))})`,
    );
  }
}

const STRICTNESS: readonly DocumentPartner["revocation"][] = [undefined, "soft", "hard"];
const REVOCATION = {
  off: "not looked for any more",
  soft: "refused; one of which nothing is known passes with a warning",
  hard: "refused, and so is one of which nothing is known",
} as const;

function anchorsText(anchors: readonly string[] | undefined): string {
  if (anchors === undefined) return "the gateway's own anchors";
  const hashes = anchors.map((pem) => short(createHash("sha256").update(pem.trim()).digest("hex")));
  return `${anchors.length} of its own (${someOf(hashes)})`;
}

const short = (hash: string) => `sha256:${hash.slice(0, 16)}`;
const onOff = (on: boolean) => (on ? "on" : "off");
const namesOf = (methods: readonly Method[]) => methods.map((method) => METHOD_NAMES[method]).join(", ");

function trustText(before: PartnerType, after: PartnerType): string {
  if (after === "Federated") return "its users see status notes, and may write to and watch ours";
  if (after === "PublicUnverified")
    return "its users reach only those of ours who have them as a contact; the others' presence is withdrawn";
  return before === "Federated"
    ? "its users see no status notes any more"
    : "its users may write to and watch ours, without status notes";
}
