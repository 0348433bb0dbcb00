import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { Federation, type TheirSide } from "./rig/federation";
import { until } from "./rig/until";

const ours = "büro.example";
const carol = `carol@${ours}`;

/** Partners with an internationalised name, written as Prosody takes it, and their rows. */
const partners = [
  { domain: "bücher.example", mode: "external", tlsNegotiation: "Required", saslNegotiation: "Required" },
  { domain: "grün.example", mode: "tls-dialback", tlsNegotiation: "Required", saslNegotiation: "NotSupported" },
  { domain: "łódź.example", mode: "tcp-dialback", tlsNegotiation: "NotSupported", saslNegotiation: "NotSupported" },
] as const;

let federation: Federation;

beforeAll(async () => {
  federation = await Federation.open(
    {
      domains: [{ name: ours }],
      internal: { kind: "sandbox", users: [carol] },
      partners: partners.map(({ mode: _, ...partner }) => ({ ...partner, partnerType: "Federated" as const })),
    },
    partners.map(({ domain, mode }): TheirSide => ({ domain, mode })),
  );
});
afterAll(() => federation?.close());

test.each(partners)("$domain federates with $mode", async ({ domain }) => {
  const user = federation.gateway.user(carol);
  const juliet = await federation.login(`juliet@${domain}`);
  const inside = new URL(`http://${domain}`).hostname; // A-labels, which have one form only
  juliet.message(carol, "inward");
  await user.waitForMessage(`juliet@${inside}`, "inward");
  await user.message(juliet.jid, "outward");
  await juliet.waitForMessage(carol, "outward");
  await user.message(`nobody@${domain}`, "anyone?", domain);
  await expect(user.waitForError(domain)).resolves.toMatchObject({ from: `nobody@${inside}` });
  const streams = await federation.gateway.streams(inside);
  expect(streams.map(({ direction }) => direction).sort()).toEqual(["in", "out"]);
});

test("their answers to our pings prove the delivery of all that we wrote", async () => {
  await until("every stanza of ours proved to have arrived", async () => {
    const { counters } = await federation.gateway.status();
    const written = counters['stanzas_total{direction="out"}'] ?? 0;
    return (written > 0 && counters.stanzas_delivered_total === written) || undefined;
  });
});
