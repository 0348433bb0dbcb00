import { describe, expect, test } from "@jest/globals";
import { ROOT_ANCHORS } from "../../../src/dns/resolver/dnssec/root-anchors";
import { findingsOf } from "../../../src/provider/xmppedge/configured";
import { reachArguments, reachAttributes, reachRules } from "../../../src/provider/xmppedge/reach-arguments";

const DS = ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D";
const NOTHING = Object.fromEntries(Object.keys(reachAttributes).map((name) => [name, null]));

describe("how far the federation check looks", () => {
  test("nothing given is nothing said", () => {
    expect(reachArguments(NOTHING)).toEqual({});
    expect(findingsOf(NOTHING, reachRules)).toEqual([]);
  });

  test("all that is given is told to the verifier", () => {
    const config = {
      via_resolvers_only: true,
      root_hints: "a.root. 3600 IN A 192.0.2.1\n",
      dnssec_anchor: DS,
      dns_port: 5353,
      allow_private: true,
    };
    expect(findingsOf(config, reachRules)).toEqual([]);
    expect(reachArguments(config)).toEqual({
      via: "resolvers",
      roots: [{ host: "a.root", address: "192.0.2.1" }],
      anchors: [{ zone: ".", delegations: [ROOT_ANCHORS[0]!.delegations[0]] }],
      port: 5353,
      allowPrivate: true,
    });
  });

  test.each([
    [{ root_hints: "named.root" }, "not the text of a root hints file"],
    [{ dnssec_anchor: "root.key" }, "DNSSEC anchor: no DS or DNSKEY record was found"],
    [{ dns_port: 0 }, "not a port, 1 to 65535"],
    [{ dns_port: 53.5 }, "not a port, 1 to 65535"],
  ])("%j is refused when the plan is made", (config, summary) => {
    expect(findingsOf(config, reachRules)).toMatchObject([{ severity: "error", summary, path: Object.keys(config) }]);
  });
});
