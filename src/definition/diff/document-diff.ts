import type { GatewayDocument } from "../facts/gateway-document";
import { type Change, missingFrom, someOf } from "./change";
import { partnerChanges } from "./partner-diff";
import { sameValue } from "./same-value";

/**
 * What a gateway does differently by another document, in the order: edge, domains, partners, access, users,
 * settings. Pure; the running gateway's audit and `xmpp-edge diff` say the same.
 */
export function documentDiff(before: GatewayDocument, after: GatewayDocument): Change[] {
  return [
    ...edgeChanges(before, after),
    ...domainChanges(before, after),
    ...partnerChanges(before.partners, after.partners),
    ...accessChanges(before, after),
    ...internalChanges(before, after),
    ...settingChanges(before, after),
    ...hostCertificateChanges(before, after),
  ];
}

function edgeChanges(before: GatewayDocument, after: GatewayDocument): Change[] {
  const changes: Change[] = [];
  const edge = (subject: string, from: unknown, to: unknown, restart: boolean) => {
    if (from === to) return;
    const text = `${subject} ${from === "" ? "none" : from} becomes ${to === "" ? "none" : to}`;
    changes.push({
      part: "edge",
      subject,
      change: "changed",
      effect: "neutral",
      text,
      ...(restart ? { restart } : {}),
    });
  };
  edge("name", before.name, after.name, true);
  edge("accessEdge.fqdn", before.accessEdge.fqdn, after.accessEdge.fqdn, true);
  edge("accessEdge.port", before.accessEdge.port, after.accessEdge.port, true);
  edge("accessEdge.directTlsPort", before.accessEdge.directTlsPort ?? "", after.accessEdge.directTlsPort ?? "", true);
  edge("accessEdge.addresses", before.accessEdge.addresses.join(", "), after.accessEdge.addresses.join(", "), false);
  return changes;
}

function domainChanges({ localDomains: before }: GatewayDocument, { localDomains: after }: GatewayDocument): Change[] {
  return [
    ...missingFrom(before, after).map(
      (domain): Change => ({
        part: "domain",
        subject: domain,
        change: "added",
        effect: "grants",
        text: `${domain} is served: partners who may talk to every domain of ours may talk to it`,
      }),
    ),
    ...missingFrom(after, before).map(
      (domain): Change => ({
        part: "domain",
        subject: domain,
        change: "removed",
        effect: "revokes",
        text: `${domain} is not served any more: its streams close, what waits goes back to its senders`,
      }),
    ),
  ];
}

function accessChanges({ access: before }: GatewayDocument, { access: after }: GatewayDocument): Change[] {
  const changes: Change[] = [];
  const say = (subject: string, allowed: boolean, because: string) =>
    changes.push({
      part: "access",
      subject,
      change: "changed",
      effect: allowed ? "grants" : "revokes",
      text: `${subject} ${allowed ? "may use XMPP federation now" : "may not use XMPP federation any more"} (${because})`,
    });
  if (before.everyone.allowed !== after.everyone.allowed)
    say("everyone without a rule of their own", after.everyone.allowed, after.everyone.because);
  const old = new Map(before.users.map((user) => [user.address, user]));
  const now = new Map(after.users.map((user) => [user.address, user]));
  for (const address of new Set([...old.keys(), ...now.keys()])) {
    const then = old.get(address) ?? before.everyone;
    const next = now.get(address) ?? after.everyone;
    if (then.allowed !== next.allowed) say(address, next.allowed, next.because);
  }
  return changes;
}

function internalChanges({ internal: before }: GatewayDocument, { internal: after }: GatewayDocument): Change[] {
  const kind = before?.kind ?? "nobody";
  const next = after?.kind ?? "nobody";
  const changes: Change[] = [];
  if (kind !== next)
    changes.push({
      part: "edge",
      subject: "internal.kind",
      change: "changed",
      effect: "neutral",
      text: `inside answers ${next}, not ${kind}`,
      restart: true,
    });
  if (kind === "xmpp" && next === "xmpp") changes.push(...internalServerChanges(before, after));
  const users = (list: readonly string[], change: "added" | "removed", effect: Change["effect"], text: string) => {
    if (list.length > 0)
      changes.push({ part: "user", subject: someOf(list), change, effect, text: `${someOf(list)} ${text}` });
  };
  users(missingFrom(before?.users ?? [], after?.users ?? []), "added", "grants", "can be reached");
  users(
    missingFrom(after?.users ?? [], before?.users ?? []),
    "removed",
    "revokes",
    "can be reached no more; their presence is withdrawn",
  );
  return changes;
}

/** Where our own XMPP server is, and how it proves who it is. */
function internalServerChanges(before: GatewayDocument["internal"], after: GatewayDocument["internal"]): Change[] {
  const places = (one: typeof before) => someOf((one?.servers ?? []).map(({ address, port }) => `${address} ${port}`));
  const changes: Change[] = [];
  const say = (subject: string, text: string, restart?: true) =>
    changes.push({
      part: "edge",
      subject,
      change: "changed",
      effect: "neutral",
      text,
      ...(restart === undefined ? {} : { restart }),
    });
  if (!sameValue(before?.servers, after?.servers))
    say("internal.servers", `our own XMPP server is at ${places(after)}, not at ${places(before)}`);
  if (before?.port !== after?.port)
    say("internal.port", `our own XMPP server finds the gateway at port ${after?.port}, not ${before?.port}`, true);
  if (!sameValue(before?.trustAnchors, after?.trustAnchors) || !sameValue(before?.pins, after?.pins))
    say("internal.trustAnchors", "our own XMPP server proves by other anchors or keys who it is");
  return changes;
}

/** What a host that obtains its certificate by itself does differently. */
function hostCertificateChanges(
  { certificate: before }: GatewayDocument,
  { certificate: after }: GatewayDocument,
): Change[] {
  if (sameValue(before, after)) return [];
  const source = (one: typeof before) => one?.source ?? "elsewhere";
  const text =
    source(before) !== source(after)
      ? `the host has its certificate from ${source(after)}, not from ${source(before)}`
      : sameValue({ ...before, names: [] }, { ...after, names: [] })
        ? `the host obtains a certificate for ${someOf(after?.names ?? [])}`
        : "the host obtains its certificate by other settings";
  return [{ part: "certificate", subject: "certificate", change: "changed", effect: "neutral", text }];
}

function settingChanges({ gateway: before }: GatewayDocument, { gateway: after }: GatewayDocument): Change[] {
  return (Object.keys(after) as (keyof typeof after)[])
    .filter((key) => before[key] !== after[key])
    .map((key) => ({
      part: "setting",
      subject: `gateway.${key}`,
      change: "changed",
      effect: "neutral",
      text: `gateway.${key} ${before[key]} becomes ${after[key]}`,
    }));
}
