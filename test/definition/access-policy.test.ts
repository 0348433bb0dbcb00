import { describe, expect, test } from "@jest/globals";
import type { EdgeInput } from "../../src/definition";
import { accessOf } from "../../src/definition/access-policy";
import { least, valid } from "./sample";

const policy = (enableFederationAccess: boolean, enableXmppAccess: boolean) => ({
  enableFederationAccess,
  enableXmppAccess,
});

/** Lync's rule: user policy before site policy before global, the most specific one whole. */
const definition = valid({
  ...least,
  accessPolicies: {
    global: policy(true, false),
    named: { on: policy(true, true), "xmpp-off": policy(true, false), off: policy(false, false) },
  },
  sites: [
    { name: "open", policy: "on" },
    { name: "closed", policy: "off" },
    { name: "plain" },
    { name: "branch", survivableBranch: true, policy: "on" },
  ],
} satisfies EdgeInput);

describe("who may federate", () => {
  test.each([
    [undefined, false, "global policy: XMPP is off"],
    [{}, false, "global policy: XMPP is off"],
    [{ policy: "on" }, true, "user policy on"],
    [{ policy: "off" }, false, "user policy off: federation is off"],
    [{ site: "open" }, true, "site policy on"],
    [{ site: "closed" }, false, "site policy off: federation is off"],
    [{ site: "plain" }, false, "global policy: XMPP is off"],
    [{ site: "closed", policy: "on" }, true, "user policy on"],
    // The most specific applies whole: nothing of the site's policy is merged in.
    [{ site: "open", policy: "xmpp-off" }, false, "user policy xmpp-off: XMPP is off"],
    [{ site: "branch" }, false, "homed on the survivable branch branch"],
    [{ site: "branch", policy: "on" }, false, "homed on the survivable branch branch"],
  ])("%j: %s, %s", (user, allowed, because) => {
    expect(accessOf(definition, user)).toEqual({ allowed, because });
  });

  test("everybody, where there are no policies, but survivable branches", () => {
    const open = valid({ ...least, sites: [{ name: "branch", survivableBranch: true }] });
    expect(accessOf(open, {})).toEqual({ allowed: true, because: "no access policies are defined" });
    expect(accessOf(open, { site: "branch" }).allowed).toBe(false);
  });
});
