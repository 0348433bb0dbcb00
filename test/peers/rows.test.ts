import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Method, type NegotiationRow, negotiationTable } from "../../src/definition";
import { alice, Federation, ourDomain, type TheirSide } from "./rig/federation";
import { TestAuthority } from "./rig/pki";
import type { ProsodyMode } from "./rig/prosody";
import type { FederationMethod } from "./rig/prosody-log";
import { PeerRig } from "./rig/rig";
import { child, type Element } from "./rig/stanza";

const prosodysWord: Readonly<Record<Method, FederationMethod>> = {
  "sasl-over-tls": "external",
  "tls-dialback": "tls-dialback",
  "tcp-dialback": "tcp-dialback",
};

/** What Prosody can in each mode. */
const abilities: readonly { readonly mode: ProsodyMode; readonly methods: readonly Method[] }[] = [
  { mode: "external", methods: ["sasl-over-tls"] },
  { mode: "tls-dialback", methods: ["tls-dialback"] }, // its certificate is of an authority that we do not trust
  { mode: "tcp-dialback", methods: ["tcp-dialback"] },
  { mode: "any", methods: ["sasl-over-tls", "tls-dialback", "tcp-dialback"] },
];

const validRows = negotiationTable().filter(({ valid }) => valid);
/** Each row meets each mode under a domain of its own. */
const domainOf = ({ row }: NegotiationRow, mode: ProsodyMode) => `row-${row}.${mode}.example`;

let federation: Federation;

beforeAll(async () => {
  const rig = await PeerRig.open();
  const stranger = await TestAuthority.create("Authority of no trust");
  const partners = abilities.flatMap(({ mode }) =>
    validRows.map((row) => ({
      domain: domainOf(row, mode),
      partnerType: "Federated" as const,
      tlsNegotiation: row.tls,
      saslNegotiation: row.sasl,
      supportDialbackNegotiation: row.dialback,
      allowSaslWithoutTls: row.controlPanelRefuses,
    })),
  );
  const theirs = abilities.map(({ mode }): TheirSide => {
    const [domain = "", ...additionalDomains] = validRows.map((row) => domainOf(row, mode));
    return { domain, additionalDomains, mode, ...(mode === "tls-dialback" ? { authority: stranger } : {}) };
  });
  federation = await Federation.open({ partners }, theirs, rig);
});
afterAll(() => federation?.close());

describe.each(abilities)("with a Prosody of mode $mode", ({ mode, methods }) => {
  const cases = validRows.map((row) => ({
    row,
    number: row.row,
    method: row.methods.find((one) => methods.includes(one)),
  }));
  const agreed = cases.filter(({ method }) => method !== undefined);
  const refused = cases.filter(({ method }) => method === undefined);

  test.each(agreed)("row $number federates by $method", async ({ row, method }) => {
    const domain = domainOf(row, mode);
    const ours = federation.gateway.user(alice);
    const juliet = await federation.login(`juliet@${domain}`);
    juliet.message(alice, "inward");
    await ours.waitForMessage(juliet.fullJid, "inward");
    await ours.message(juliet.jid, "outward");
    await juliet.waitForMessage(alice, "outward");
    const events = federation.gateway.events("stream-authenticated", { remote: domain });
    expect(events.map((event) => `${event.direction} ${event.method}`).sort()).toEqual([
      `in ${method}`,
      `out ${method}`,
    ]);
    for (const direction of ["incoming", "outgoing"] as const) {
      const logged = federation.prosody(domain).waitForStream(direction, ourDomain, { local: domain });
      await expect(logged).resolves.toBe(prosodysWord[method as Method]);
    }
  });

  for (const { row } of refused) {
    test(`row ${row.row} refuses in both directions, and tells both senders`, async () => {
      const domain = domainOf(row, mode);
      const { gateway } = federation;
      const ours = gateway.user(alice);
      const juliet = await federation.login(`juliet@${domain}`);
      const { inward, outward } = refusal(row, mode);

      juliet.message(alice, "never arrives", { id: "refused" });
      const error = await juliet.waitForError("refused");
      expect(child(error, "error")?.children[0]?.name).toMatch(/^remote-server-/);
      for (const event of inward) await gateway.waitForEvent(event, { remote: domain });

      await ours.message(juliet.jid, "never arrives", domain);
      const entry = await ours.waitForError(domain);
      expect(entry.error).toMatchObject({
        condition: "service-unavailable",
        text: expect.stringContaining(`no stream with ${domain}: ${outward}`),
      });
      await gateway.waitForEvent("stream-ended", { direction: "out", remote: domain, code: outward });

      expect(gateway.events("stream-authenticated", { remote: domain })).toEqual([]);
      expect(juliet.received.filter(isMessage)).toEqual([]);
      expect((await ours.inbox()).filter(({ kind, from }) => kind === "message" && from.endsWith(domain))).toEqual([]);
    });
  }
});

const isMessage = ({ name, attributes }: Element) => name === "message" && attributes.type !== "error";

interface Refusal {
  /** What our log says of their stream; nothing where Prosody itself gives up, since we offer nothing that it can. */
  readonly inward: readonly string[];
  /** Why our stream ends. */
  readonly outward: "no-common-method" | "certificate-refused";
}

/** How a row without any method of the mode refuses. */
function refusal({ tls, sasl }: NegotiationRow, mode: ProsodyMode): Refusal {
  if (mode === "tcp-dialback") return { inward: ["stream-refused"], outward: "no-common-method" };
  if (tls === "NotSupported") return { inward: ["starttls-refused"], outward: "no-common-method" };
  if (mode === "external" && sasl === "NotSupported") return { inward: [], outward: "no-common-method" };
  return { inward: ["certificate-refused"], outward: "certificate-refused" };
}
