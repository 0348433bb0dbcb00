import type { DnsRecord } from "../facts/dns-records";
import { zoneLine } from "../facts/dns-records";
import type { Facts } from "../facts/facts";
import type { FirewallRule } from "../facts/firewall";
import { type Change, missingFrom, someOf } from "./change";
import { documentDiff } from "./document-diff";

/** What another definition changes: in the gateway, in the DNS, in the certificate and in the firewall. Pure. */
export function definitionDiff(before: Facts, after: Facts): Change[] {
  return [
    ...documentDiff(before.gateway, after.gateway).filter(({ part }) => part !== "certificate"), // said in full below
    ...recordChanges(before.dns.records, after.dns.records),
    ...certificateChanges(before, after),
    ...firewallChanges(before.firewall, after.firewall),
  ];
}

function recordChanges(before: readonly DnsRecord[], after: readonly DnsRecord[]): Change[] {
  const old = new Set(before.map(zoneLine));
  const now = new Set(after.map(zoneLine));
  const gone = before.filter((record) => !now.has(zoneLine(record)));
  const come = after.filter((record) => !old.has(zoneLine(record)));
  const keyOf = ({ owner, type }: DnsRecord) => `${owner} ${type}`;
  const change = (record: DnsRecord, how: Change["change"], text: string): Change => ({
    part: "record",
    subject: keyOf(record),
    change: how,
    effect: "neutral",
    text,
  });
  // Several records of one name and type have no order: only a lone one is said to have changed.
  const lone = (record: DnsRecord, list: readonly DnsRecord[]) =>
    list.filter((other) => keyOf(other) === keyOf(record)).length === 1;
  const pairs = come.flatMap((record) => {
    const was = gone.find((other) => keyOf(other) === keyOf(record));
    return was !== undefined && lone(record, come) && lone(was, gone) ? [{ record, was }] : [];
  });
  return [
    ...pairs.map(({ record, was }) => change(record, "changed", `${zoneLine(record)} in place of ${zoneLine(was)}`)),
    ...come
      .filter((record) => !pairs.some((pair) => pair.record === record))
      .map((record) => change(record, "added", `${zoneLine(record)} is published`)),
    ...gone
      .filter((record) => !pairs.some((pair) => pair.was === record))
      .map((record) => change(record, "removed", `${zoneLine(record)} is published no more`)),
  ];
}

function certificateChanges(before: Facts, after: Facts): Change[] {
  const changes: Change[] = [];
  const say = (subject: string, change: Change["change"], text: string) =>
    changes.push({ part: "certificate", subject, change, effect: "neutral", text });
  const names = ({ certificate }: Facts) => certificate.names.map(({ name }) => name);
  const more = missingFrom(names(before), names(after));
  const fewer = missingFrom(names(after), names(before));
  if (more.length > 0) say("names", "added", `the certificate has to name ${someOf(more)} too`);
  if (fewer.length > 0) say("names", "removed", `the certificate needs ${someOf(fewer)} no more`);
  if (before.certificate.source !== after.certificate.source)
    say(
      "source",
      "changed",
      `the certificate comes from ${after.certificate.source}, not ${before.certificate.source}`,
    );
  const subject = ({ certificate }: Facts) =>
    Object.entries(certificate.subject)
      .map(([part, value]) => `${part}=${value}`)
      .join(", ");
  if (subject(before) !== subject(after)) say("subject", "changed", `its subject becomes ${subject(after)}`);
  return changes;
}

function firewallChanges(before: readonly FirewallRule[], after: readonly FirewallRule[]): Change[] {
  const line = ({ direction, protocol, ports: [from, to], peers }: FirewallRule) =>
    `${direction} ${protocol} ${from === to ? from : `${from}-${to}`} ${peers.join(" ")}`;
  const change = (text: string, how: "added" | "removed"): Change => ({
    part: "firewall",
    subject: text,
    change: how,
    effect: "neutral",
    text: how === "added" ? `the firewall lets ${text} through` : `the firewall lets ${text} through no more`,
  });
  const old = before.map(line);
  const now = after.map(line);
  return [
    ...missingFrom(old, now).map((text) => change(text, "added")),
    ...missingFrom(now, old).map((text) => change(text, "removed")),
  ];
}
