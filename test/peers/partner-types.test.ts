import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Federation, ourDomain } from "./rig/federation";
import type { SandboxUser } from "./rig/sandbox-user";
import { child, type Element } from "./rig/stanza";
import type { XmppClient } from "./rig/xmpp-client";

type PartnerType = "Federated" | "PublicVerified" | "PublicUnverified";

const domainOf: Readonly<Record<PartnerType, string>> = {
  Federated: "federated.example",
  PublicVerified: "verified.example",
  PublicUnverified: "unverified.example",
};
const local = (name: string) => `${name}@${ourDomain}`;
const nobody = local("nobody");

let federation: Federation;

beforeAll(async () => {
  const { Federated: domain, ...others } = domainOf;
  federation = await Federation.open(
    {
      partners: Object.entries(domainOf).map(([partnerType, domain]) => ({
        domain,
        partnerType: partnerType as PartnerType,
      })),
      internal: { kind: "sandbox", users: ["alice", "bob", "carol", "dave", "erin"].map(local) },
      accessPolicies: {
        global: { enableFederationAccess: true, enableXmppAccess: true },
        named: { "no-xmpp": { enableFederationAccess: true }, nothing: {} },
      },
      sites: [{ name: "Branch", survivableBranch: true }],
      users: [
        { address: local("carol"), policy: "no-xmpp" },
        { address: local("dave"), policy: "nothing" },
        { address: local("erin"), site: "Branch" },
      ],
    },
    [{ domain, additionalDomains: Object.values(others), mode: "external", accounts: ["juliet", "romeo"] }],
  );
});
afterAll(() => federation?.close());

const user = (name: string): SandboxUser => federation.gateway.user(local(name));

/** Waits until the stream has carried all that was written to it: what did not come until then does not come. */
async function settled(client: XmppClient): Promise<void> {
  client.message(nobody, "are you all through?", { id: "settled" });
  await client.waitForError("settled");
}

async function expectRefusedMessage(client: XmppClient, to: string): Promise<void> {
  client.message(to, "never arrives", { id: `to ${to}` });
  const refused = await client.waitForError(`to ${to}`);
  client.message(nobody, "never arrives", { id: "to nobody" });
  const unknown = await client.waitForError("to nobody");
  // As for an unknown user, so that nobody finds out who exists.
  expect(child(refused, "error")).toEqual(child(unknown, "error"));
  expect(child(refused, "error")?.children[0]?.name).toBe("service-unavailable");
}

async function expectRefusedSubscription(client: XmppClient, to: string): Promise<void> {
  client.subscribe(to);
  await client.waitForPresence(to, "unsubscribed");
  const contacts = await client.contacts();
  expect(contacts[to] ?? "none").toBe("none");
}

describe.each<PartnerType>(["Federated", "PublicVerified"])("a %s partner", (type) => {
  let juliet: XmppClient;
  beforeAll(async () => {
    juliet = await federation.login(`juliet@${domainOf[type]}`);
  });

  test("reaches our users without being anyone's contact", async () => {
    juliet.message(local("alice"), "good day");
    await user("alice").waitForMessage(juliet.fullJid, "good day");
    expect(await user("alice").contacts()).not.toHaveProperty(juliet.jid);
  });

  test("sees our users' presence on request", async () => {
    juliet.subscribe(local("alice"));
    await juliet.waitForPresence(local("alice"), "subscribed");
    await juliet.waitForPresence(local("alice"), "unavailable"); // she is away at first
    await user("alice").waitForSubscription(juliet.jid, "watching");
  });

  test(`${type === "Federated" ? "sees" : "does not see"} the note`, async () => {
    await user("alice").presence({ available: true, show: "dnd", status: `for ${type}` });
    const presence = await juliet.waitFor(
      "our presence",
      (stanza) => isPresence(stanza, local("alice")) && child(stanza, "show")?.text === "dnd",
    );
    expect(child(presence, "status")?.text).toBe(type === "Federated" ? `for ${type}` : undefined);
    await user("alice").presence({ available: false, status: "gone" });
    const last = await juliet.waitForPresence(local("alice"), "unavailable");
    expect(child(last, "status")?.text).toBe(type === "Federated" ? "gone" : undefined);
  });

  test("gets an unknown user's answers for those who do not exist", async () => {
    await expectRefusedMessage(juliet, nobody);
    await expectRefusedSubscription(juliet, local("nobody2"));
  });
});

describe("a PublicUnverified partner", () => {
  let juliet: XmppClient;
  beforeAll(async () => {
    juliet = await federation.login(`juliet@${domainOf.PublicUnverified}`);
  });

  test("is as good as unknown to those who do not have them as a contact", async () => {
    await expectRefusedMessage(juliet, local("bob"));
    await expectRefusedSubscription(juliet, local("bob"));
    const disco = (to: string) =>
      juliet.iq({ to, type: "get", payload: "<query xmlns='http://jabber.org/protocol/disco#info'/>" });
    const [refused, unknown] = [await disco(local("bob")), await disco(nobody)];
    expect(child(refused, "error")).toEqual(child(unknown, "error"));
    expect(await user("bob").inbox()).toEqual([]);
  });

  test("may not answer a message, for writing to them does not make them a contact", async () => {
    await user("bob").message(juliet.jid, "who are you?");
    await juliet.waitForMessage(local("bob"), "who are you?");
    await expectRefusedMessage(juliet, local("bob"));
    expect(await user("bob").inbox()).toEqual([]);
  });

  test("returns errors to our users all the same", async () => {
    await user("bob").message(`nobody@${domainOf.PublicUnverified}`, "anyone?", "unknown");
    await expect(user("bob").waitForError("unknown")).resolves.toMatchObject({
      error: { condition: "service-unavailable" },
    });
  });

  test("is let in by the contact, and only that one of their users", async () => {
    await user("bob").addContact(juliet.jid);
    await juliet.waitForPresence(local("bob"), "subscribe");
    juliet.message(local("bob"), "now I may");
    await user("bob").waitForMessage(juliet.fullJid, "now I may");
    juliet.subscribe(local("bob"));
    await juliet.waitForPresence(local("bob"), "subscribed");
    const romeo = await federation.login(`romeo@${domainOf.PublicUnverified}`);
    await expectRefusedMessage(romeo, local("bob"));
    await expectRefusedSubscription(romeo, local("bob"));
  });

  test("sees presence then, but no note", async () => {
    await user("bob").presence({ available: true, show: "xa", status: "for nobody" });
    const presence = await juliet.waitFor(
      "our presence",
      (stanza) => isPresence(stanza, local("bob")) && child(stanza, "show")?.text === "xa",
    );
    expect(child(presence, "status")).toBeUndefined();
  });

  test("is shut out when the contact is removed", async () => {
    await user("bob").removeContact(juliet.jid);
    await juliet.waitForPresence(local("bob"), "unavailable");
    await juliet.waitForPresence(local("bob"), "unsubscribed");
    await expectRefusedMessage(juliet, local("bob"));
    await user("bob").presence({ available: true, show: "chat" });
    await settled(juliet);
    expect(juliet.received.filter((one) => child(one, "show")?.text === "chat")).toEqual([]);
  });
});

describe.each([
  ["carol", "whose policy has XMPP off"],
  ["dave", "whose policy has federation off"],
  ["erin", "who is homed on a survivable branch"],
])("%s, %s", (name) => {
  test("is as good as unknown, also to a Federated partner", async () => {
    const juliet = await federation.login(`juliet@${domainOf.Federated}`);
    await expectRefusedMessage(juliet, local(name));
    await expectRefusedSubscription(juliet, local(name));
    expect(await user(name).inbox()).toEqual([]);
  });

  test("may neither write nor add contacts", async () => {
    const juliet = `juliet@${domainOf.Federated}`;
    await expect(user(name).message(juliet, "never leaves")).rejects.toMatchObject({ status: 403 });
    await expect(user(name).addContact(juliet)).rejects.toMatchObject({ status: 403 });
    expect(await user(name).contacts()).toEqual({});
  });
});

function isPresence({ name, attributes }: Element, from: string): boolean {
  return name === "presence" && attributes.type === undefined && attributes.from?.split("/")[0] === from;
}
