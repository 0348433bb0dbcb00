import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { EdgeInput } from "../../src/definition";
import { ContainerSite } from "./rig/container-site";
import { alice, ourDomain } from "./rig/federation";
import { bodiesAt, flow, inboxOf, outcomeOf, returnedTo, tell } from "./rig/numbered-traffic";
import { standingConnections } from "./rig/sockets";
import { until } from "./rig/until";
import type { XmppClient } from "./rig/xmpp-client";

type PartnerInput = NonNullable<EdgeInput["partners"]>[number];
const federated = (domain: string): PartnerInput => ({ domain, partnerType: "Federated" });
const steady = federated("steady.example");
const changing = federated("changing.example");
const coming = federated("coming.example");

const CHANGES = 100;
const echo = `echo@${ourDomain}`;

let site: ContainerSite;
let client: XmppClient;

beforeAll(async () => {
  site = await ContainerSite.open(
    [steady, changing, coming],
    [steady, changing, coming].map(({ domain }) => domain),
  );
  await site.gateway.start(site.releases[0].reference);
  client = await site.login(`juliet@${steady.domain}`);
});
afterAll(() => site?.close());

/** The list of partners after so many changes: one added, taken away, or its row changed each time. */
function partnersAfter(changes: number): readonly PartnerInput[] {
  const rows = [
    { ...changing, partnerType: "PublicVerified" as const },
    { ...changing, connectionLimit: 5 + (changes % 7) },
    { ...changing, tlsNegotiation: "Optional" as const },
  ];
  const strangers = Array.from({ length: changes % 5 }, (_, index) => federated(`p${index}.example`));
  const row = rows[changes % rows.length] as PartnerInput;
  return [steady, ...(changes % 2 === 0 ? [coming] : []), ...(changes % 4 === 3 ? [] : [row]), ...strangers];
}

/** The gateway's connections, and those with the steady partner's server. */
async function connections(): Promise<string[]> {
  const places = [site.place(ourDomain), site.place(steady.domain)];
  return (await Promise.all(places.map(({ address, s2sPort }) => standingConnections(address, s2sPort)))).flat();
}

test(`${CHANGES} changes of partners by the document's file: no unconcerned stream drops, no message is lost`, async () => {
  const { gateway } = site;
  const ours = gateway.user(alice);
  client.message(echo, "first");
  await client.waitForMessage(echo, "first");
  // Nobody else has talked yet: these are the two streams of the steady partner, both ends of each.
  const streams = await connections();
  expect(streams).toHaveLength(4);

  let changes = 0;
  const sent = flow({ more: () => changes < CHANGES, pace: 40, client, user: ours, echo });
  // Beside it the partners that change talk too, so that streams do close.
  const seen: number[] = [];
  const others = [changing, coming].map(({ domain }) => site.login(`romeo@${domain}`));
  const [one, two] = await Promise.all(others);
  while (changes < CHANGES) {
    const change = changes + 1;
    for (const other of [one, two]) other?.message(alice, `beside ${change}`);
    const since = performance.now();
    const line = gateway.process.log.length;
    await site.replacePartners(partnersAfter(change), change);
    await gateway.waitForEvent("document-applied", { revision: change }, { from: line });
    seen.push(performance.now() - since);
    changes = change;
  }
  const { inward, echoed, outward } = await sent;
  const counts = await until("every message of the flow", async () => {
    const [bodies, { arrived, returned }, bounced] = [bodiesAt(client), await inboxOf(ours), returnedTo(client)];
    const all = [
      outcomeOf(inward, arrived, bounced),
      outcomeOf(echoed, bodies, bounced),
      outcomeOf(outward, bodies, returned),
    ];
    return all.every(({ silent }) => silent.length === 0) ? all : undefined;
  });
  const concerned = gateway.events("document-applied").reduce((sum, { closed }) => sum + Number(closed), 0);
  seen.sort((a, b) => a - b);
  process.stderr.write(
    `${CHANGES} changes, seen after ${seen[CHANGES / 2]?.toFixed(0)} ms (median), ${seen.at(-1)?.toFixed(0)} ms at most; ${concerned} concerned streams closed. ` +
      `To a user: ${tell(counts[0]!)}. To echo and back: ${tell(counts[1]!)}. From a user: ${tell(counts[2]!)}\n`,
  );
  for (const { sent, delivered, returned, twice, both } of counts)
    expect({ delivered, returned, twice, both }).toEqual({ delivered: sent, returned: 0, twice: [], both: [] });
  expect(await connections()).toEqual(expect.arrayContaining(streams));
  expect(gateway.events("stream-authenticated", { remote: steady.domain })).toHaveLength(2);
  expect(gateway.events("stream-ended", { remote: steady.domain })).toEqual([]);
  expect(concerned).toBeGreaterThan(0); // streams did close, of those that were concerned
  expect(seen[CHANGES / 2]).toBeLessThan(2_000);
});
