import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type EdgeInput, facts, parseDefinition } from "../../src/definition";
import { alice, bob, Federation, ourDomain } from "./rig/federation";
import { child } from "./rig/stanza";
import type { XmppClient } from "./rig/xmpp-client";

type PartnerInput = NonNullable<EdgeInput["partners"]>[number];
const steady: PartnerInput = { domain: "steady.example", partnerType: "Federated" };
const changing: PartnerInput = { domain: "changing.example", partnerType: "Federated" };
const late: PartnerInput = { domain: "late.example", partnerType: "Federated" };
/** Lync's row 17: TCP dialback alone. */
const plain: PartnerInput = {
  domain: "plain.example",
  partnerType: "Federated",
  tlsNegotiation: "NotSupported",
  saslNegotiation: "NotSupported",
};

/** Messages of theirs that are sent with each of the hundred changes. */
const INWARD_EACH = 10;

let federation: Federation;
let romeo: XmppClient;
let revision = 0;

beforeAll(async () => {
  federation = await Federation.open({ partners: [steady, changing, plain] }, [
    { domain: steady.domain, mode: "external", accounts: ["romeo"] },
    { domain: changing.domain, mode: "external" },
    { domain: late.domain, mode: "external" },
    { domain: plain.domain, mode: "tcp-dialback" },
  ]);
  romeo = await federation.login(`romeo@${steady.domain}`);
  await exchange(romeo, "before");
});
afterAll(() => federation?.close());

/** A message each way. */
async function exchange(client: XmppClient, body: string): Promise<void> {
  const ours = federation.gateway.user(alice);
  client.message(alice, body);
  await ours.waitForMessage(client.fullJid, body);
  await ours.message(client.jid, body);
  await client.waitForMessage(alice, body);
}

/** Changes the definition and waits until it runs; gives back the audit line. */
async function change(partners: readonly PartnerInput[], more: Partial<EdgeInput> = {}) {
  revision++;
  const from = federation.gateway.process.log.length;
  await federation.gateway.replaceDefinition(JSON.stringify({ ...federation.definition, revision, partners, ...more }));
  return federation.gateway.waitForEvent("document-applied", { revision }, { from });
}

/** How often a stream with the steady partner came up: it must stay at what it was. */
const steadyStreams = () => federation.gateway.events("stream-authenticated", { remote: steady.domain }).length;

describe("a change of the definition, while the gateway runs", () => {
  test("lets a new partner in: messages pass", async () => {
    const juliet = await federation.login(`juliet@${late.domain}`);
    juliet.message(alice, "too early", { id: "early" });
    await juliet.waitForError("early");
    const since = Date.now();
    await change([steady, changing, plain, late]);
    const seen = Date.now() - since;
    process.stderr.write(`a new partner is let in ${seen} ms after the file changed\n`);
    await federation.gateway.user(alice).message(juliet.jid, "welcome");
    await juliet.waitForMessage(alice, "welcome");
    await juliet.close();
  });

  test("puts a partner out: presence is withdrawn, streams close, what waits goes back", async () => {
    const ours = federation.gateway.user(alice);
    await change([steady, changing, plain, late]);
    const juliet = await federation.login(`juliet@${late.domain}`);
    juliet.subscribe(alice);
    await juliet.waitForPresence(alice, "subscribed");
    const audit = await change([steady, changing, plain]);
    await juliet.waitForPresence(alice, "unavailable");
    await juliet.waitForPresence(alice, "unsubscribed");
    expect(audit).toMatchObject({ revokes: 1, source: expect.stringMatching(/edge\.json$/) });
    expect(audit.streams).toEqual(
      expect.arrayContaining([
        `out ${ourDomain} ${late.domain} policy-violation: ${late.domain} is no allowed partner of ${ourDomain} any more`,
      ]),
    );
    await federation.prosody(late.domain).process.waitForLog(/policy-violation|no allowed partner/);
    await expect(ours.message(juliet.jid, "too late")).rejects.toThrow(/remote-server-not-found/);
    const { streams } = await federation.gateway.status();
    expect(streams.filter(({ remote, state }) => remote === late.domain && state === "authenticated")).toEqual([]);
    await juliet.close();
  });

  test("gives back what waits for a partner that is put out, with its id", async () => {
    const ours = federation.gateway.user(alice);
    const from = federation.gateway.process.log.length;
    await change([steady, changing, plain, late]);
    await federation.prosody(late.domain).stop();
    await ours.message(`juliet@${late.domain}`, "will wait", "waiting-1");
    await federation.gateway.waitForEvent("stream-ended", { direction: "out", remote: late.domain }, { from });
    await change([steady, changing, plain]);
    const { error } = await ours.waitForError("waiting-1");
    expect(error?.condition).toBe("remote-server-not-found");
  });

  test("trusts a partner less, step by step", async () => {
    const ours = federation.gateway.user(alice);
    await ours.presence({ available: true, show: "dnd", status: "at the ball" });
    const juliet = await federation.login(`juliet@${changing.domain}`);
    juliet.subscribe(alice);
    await juliet.waitForPresence(alice, "subscribed");
    await juliet.waitFor("the note", (stanza) => child(stanza, "status")?.text === "at the ball");
    const streams = federation.gateway.events("stream-authenticated", { remote: changing.domain }).length;

    const verified = await change([steady, { ...changing, partnerType: "PublicVerified" }, plain]);
    const again = await juliet.waitFor(
      "presence without the note",
      (stanza) => child(stanza, "show")?.text === "dnd" && child(stanza, "status") === undefined,
    );
    expect(again.attributes.type).toBeUndefined();
    expect(verified).toMatchObject({ closed: 0, revokes: 1 });

    await change([steady, { ...changing, partnerType: "PublicUnverified" }, plain]);
    await juliet.waitForPresence(alice, "unavailable");
    await juliet.waitForPresence(alice, "unsubscribed");
    juliet.message(alice, "still there?", { id: "unverified" });
    await juliet.waitForError("unverified");
    // Trust is not the stream's matter: it stands.
    expect(federation.gateway.events("stream-authenticated", { remote: changing.domain })).toHaveLength(streams);
    await change([steady, changing, plain]);
    await juliet.close();
  });

  test("takes a user's right to federate", async () => {
    const policies = (enableXmppAccess: boolean): Partial<EdgeInput> => ({
      accessPolicies: {
        global: { enableFederationAccess: true, enableXmppAccess: true },
        named: { inside: { enableFederationAccess: true, enableXmppAccess } },
      },
      users: [{ address: bob, policy: "inside" }],
    });
    await change([steady, changing, plain], policies(true));
    await federation.gateway.user(bob).presence({ available: true, show: "chat" });
    romeo.subscribe(bob);
    await romeo.waitForPresence(bob, "subscribed");
    await change([steady, changing, plain], policies(false));
    await romeo.waitForPresence(bob, "unavailable");
    await romeo.waitForPresence(bob, "unsubscribed");
    await expect(federation.gateway.user(bob).message(romeo.jid, "may I?")).rejects.toThrow(/forbidden/);
    await change([steady, changing, plain]);
  });

  test("asks for TLS: streams without it close, those of another partner do not", async () => {
    const juliet = await federation.login(`juliet@${plain.domain}`);
    await exchange(juliet, "in plain");
    const before = steadyStreams();
    const prosody = federation.prosody(plain.domain).process;
    const from = prosody.log.length;
    const audit = await change([steady, changing, { domain: plain.domain, partnerType: "Federated" }]);
    expect(audit.streams).toEqual(
      expect.arrayContaining(
        ["in", "out"].map(
          (direction) =>
            `${direction} ${ourDomain} ${plain.domain} policy-violation: TCP dialback is no longer allowed with this partner`,
        ),
      ),
    );
    // What it writes before it has seen our close would be lost with the stream.
    await prosody.waitForLog(/Outgoing s2s stream plain\.example->contoso\.example closed/, { from });
    await prosody.waitForLog(/Incoming s2s stream contoso\.example->plain\.example closed/, { from });
    expect(prosody.log.slice(from).join("\n")).toMatch(/policy-violation|TCP dialback is no longer allowed/);
    juliet.message(alice, "in plain again", { id: "plain-again" });
    await juliet.waitForError("plain-again");
    await exchange(romeo, "steady");
    expect(steadyStreams()).toBe(before);
    await change([steady, changing, plain]);
    await juliet.close();
  });

  test("a hundred times, while messages flow with a partner it does not concern: none is lost, no stream drops", async () => {
    const ours = federation.gateway.user(alice);
    await exchange(romeo, "before the hundred");
    const before = steadyStreams();
    const numbers = Array.from({ length: 400 }, (_, index) => index);
    const outward = numbers.map((number) => `outward ${number}`);
    const taken = federation.gateway.events("document-applied").length;
    let [sent, inward] = [0, 0];
    const changes = 100;
    for (let time = 0; time < changes; time++) {
      const from = federation.gateway.process.log.length;
      revision++;
      const partners = [steady, plain, time % 2 === 0 ? late : { ...changing, connectionLimit: 5 + (time % 7) }];
      // A compiled document, so that nothing is compiled, and SIGHUP, so that nothing is waited for.
      const { definition } = parseDefinition({ ...federation.definition, revision, partners });
      await federation.gateway.replaceDefinition(JSON.stringify(facts(definition!).gateway));
      const upTo = ((time + 1) * outward.length) / changes;
      const [before, last] = [sent, inward];
      federation.gateway.process.kill("SIGHUP");
      for (; inward < (time + 1) * INWARD_EACH; inward++)
        romeo.message(alice, `inward ${inward}`, { id: `inward-${inward}` });
      for (; sent < upTo; sent++) await ours.message(romeo.jid, outward[sent] as string, outward[sent]);
      await federation.gateway.waitForEvent("document-applied", { revision }, { from });
      // Those of the change before have arrived; those of this one may be on their way when the next one comes.
      if (time === 0) continue;
      await romeo.waitForMessage(alice, outward[before - 1]);
      await federation.gateway.waitForEvent("message-accepted", { id: `inward-${last - 1}` });
    }
    expect(federation.gateway.events("document-applied")).toHaveLength(taken + changes);
    await romeo.waitForMessage(alice, outward.at(-1));
    await ours.waitForMessage(romeo.fullJid, `inward ${inward - 1}`);
    const received = romeo.received.flatMap((stanza) => child(stanza, "body")?.text ?? []);
    expect(received.filter((body) => body.startsWith("outward"))).toEqual(outward);
    const arrived = (await ours.inbox()).flatMap((entry) =>
      entry.kind === "message" && entry.body?.startsWith("inward") ? [entry.body] : [],
    );
    expect(arrived).toEqual(Array.from({ length: inward }, (_, number) => `inward ${number}`));
    expect(steadyStreams()).toBe(before);
    process.stderr.write(`100 changes taken up, ${inward} messages inward and ${outward.length} outward meanwhile\n`);
  });
});

describe("what is refused, while what runs stays", () => {
  const offer = async (text: string, code: string) => {
    const from = federation.gateway.process.log.length;
    await federation.gateway.replaceDefinition(text);
    await federation.gateway.waitForEvent("document-refused", { code }, { from });
    const { configuration } = await federation.gateway.status();
    expect(configuration).toMatchObject({ revision, refused: { code } });
    await exchange(romeo, `still here after ${code}`);
  };
  const definition = (more: object) =>
    JSON.stringify({ ...federation.definition, partners: [steady], revision, ...more });

  test("a file that breaks off, one with a mistake, one of another edge, one of an earlier revision", async () => {
    await change([steady]);
    await offer(definition({}).slice(0, 200), "source-invalid");
    await offer(definition({ partner: [] }), "source-invalid");
    await offer(definition({ name: "elsewhere" }), "document-foreign");
    await offer(definition({ revision: revision - 1 }), "document-older");
    expect(federation.gateway.events("document-refused").map(({ reason }) => reason)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/partner.*not known|partner/),
        `its revision is ${revision - 1}, and what runs has ${revision}`,
      ]),
    );
    await change([steady, changing]);
    expect((await federation.gateway.status()).configuration?.refused).toBeUndefined();
  });

  test("a start whose file is broken runs what ran before", async () => {
    await change([steady]);
    await federation.gateway.replaceDefinition("{");
    await federation.gateway.waitForEvent("document-refused", { code: "source-invalid" });
    await federation.gateway.stop();
    await federation.gateway.startAgain();
    expect(federation.gateway.events("running-last-document")).toEqual([
      expect.objectContaining({ code: "source-invalid", revision }),
    ]);
    await exchange(romeo, "by the last good document");
  });
});
