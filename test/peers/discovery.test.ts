import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { alice, Federation, type TheirSide } from "./rig/federation";

type Records = NonNullable<TheirSide["records"]>;

/** An address beside a server's, where nobody listens. */
const dead = (address: string) => address.replace(/\d+$/, "250");

/** Ways in which a partner's DNS leads to its server. */
const found: readonly { readonly way: string; readonly domain: string; readonly records: Records }[] = [
  {
    way: "by the second priority where the first does not answer",
    domain: "second.example",
    records: ({ domain, address, s2sPort }) => [
      `_xmpp-server._tcp.${domain}. SRV 10 0 ${s2sPort} live.${domain}.`,
      `_xmpp-server._tcp.${domain}. SRV 5 0 5269 dead.${domain}.`,
      `live.${domain}. A ${address}`,
      `dead.${domain}. A ${dead(address)}`,
    ],
  },
  {
    way: "by the other address of a target where one does not answer",
    domain: "addresses.example",
    records: ({ domain, address, s2sPort }) => [
      `_xmpp-server._tcp.${domain}. SRV 0 0 ${s2sPort} xmpp.${domain}.`,
      `xmpp.${domain}. A ${dead(address)}`,
      `xmpp.${domain}. A ${address}`,
    ],
  },
  {
    way: "by its own address and port 5269 where it has no SRV record",
    domain: "plain.example",
    records: ({ domain, address }) => [`${domain}. A ${address}`],
  },
  {
    way: "by its proxy, whatever its SRV record says",
    domain: "proxied.example",
    records: ({ domain, address }) => [
      `_xmpp-server._tcp.${domain}. SRV 0 0 5269 dead.${domain}.`,
      `dead.${domain}. A ${dead(address)}`,
      `proxy.${domain}. A ${address}`,
    ],
  },
];

const lost: readonly {
  readonly way: string;
  readonly domain: string;
  readonly records: Records;
  readonly code: string;
}[] = [
  {
    way: "that says it has no server",
    domain: "none.example",
    records: ({ domain, address }) => [`_xmpp-server._tcp.${domain}. SRV 0 0 0 .`, `${domain}. A ${address}`],
    code: "dns-absent",
  },
  { way: "that has no records at all", domain: "nowhere.example", records: () => [], code: "dns-absent" },
  {
    way: "that points at us",
    domain: "mirror.example",
    records: ({ domain }) => [`_xmpp-server._tcp.${domain}. SRV 0 0 5269 edge.contoso.example.`],
    code: "target-forbidden",
  },
];

let federation: Federation;

beforeAll(async () => {
  const all = [...found, ...lost];
  const [domain = "", ...additionalDomains] = all.map((partner) => partner.domain);
  federation = await Federation.open(
    {
      partners: all.map(({ domain }) => ({
        domain,
        partnerType: "Federated" as const,
        ...(domain === "proxied.example" ? { proxyFqdn: `proxy.${domain}` } : {}),
      })),
    },
    [
      {
        domain,
        additionalDomains,
        mode: "external",
        records: (place) => all.find((partner) => partner.domain === place.domain)?.records(place) ?? [],
      },
    ],
  );
});
afterAll(() => federation?.close());

test.each(found)("a partner is found $way", async ({ domain }) => {
  const juliet = await federation.login(`juliet@${domain}`);
  await federation.gateway.user(alice).message(juliet.jid, "found you");
  await juliet.waitForMessage(alice, "found you");
});

test.each(lost)("a partner $way is not reached, and the sender is told", async ({ domain, code }) => {
  const ours = federation.gateway.user(alice);
  await ours.message(`juliet@${domain}`, "where are you?", domain);
  const { error } = await ours.waitForError(domain);
  expect(error?.text).toContain(`no stream with ${domain}: ${code}`);
});
