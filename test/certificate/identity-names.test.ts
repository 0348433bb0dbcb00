import { beforeAll, describe, expect, test } from "@jest/globals";
import { TrustStore, validateChain } from "../../src/certificate/chain";
import { contextConstructed, contextPrimitive, TAG } from "../../src/certificate/der";
import { encodeDer } from "../../src/certificate/der-write";
import { Extension, type IssueOptions, NOW, SUBJECT_ALT_NAME } from "./authority";
import { DOMAIN, Scenery } from "./chains";

const [XMPP_ADDRESS, SRV_NAME] = [5, 7];
const dns = (name: string) => encodeDer(contextPrimitive(2), Buffer.from(name));
/** otherName of type 1.3.6.1.5.5.7.8.<last> */
const other = (last: number, tag: number, content: Buffer | string) =>
  encodeDer(
    contextConstructed(0),
    encodeDer(TAG.oid, Buffer.from([0x2b, 6, 1, 5, 5, 7, 8, last])),
    encodeDer(contextConstructed(0), encodeDer(tag, Buffer.from(content as string))),
  );
const srv = (name: string, tag: number = TAG.ia5String) => other(SRV_NAME, tag, name);
const xmpp = (name: Buffer | string, tag: number = TAG.utf8String) => other(XMPP_ADDRESS, tag, name);
const named = (...names: Buffer[]): Partial<IssueOptions> => ({
  names: [],
  extensions: [new Extension(SUBJECT_ALT_NAME, false, encodeDer(TAG.sequence, ...names))],
});

let scenery: Scenery;
let trust: TrustStore;
beforeAll(async () => {
  scenery = await Scenery.build();
  trust = TrustStore.fromPem(scenery.root.pem);
});

async function judge(leaf: Partial<IssueOptions>, domain = DOMAIN, ca: Partial<IssueOptions> = {}): Promise<string> {
  const chain = await scenery.below(ca, leaf);
  const verdict = validateChain({ presented: chain.map((one) => one.der), trust, domain, now: NOW });
  return verdict.ok ? "accept" : verdict.code;
}

describe("a domain is named", () => {
  test.each<[string, Buffer, string]>([
    ["by the SRVName of servers", srv("_xmpp-server.partner.example"), DOMAIN],
    ["by an SRVName in another case", srv("_XMPP-Server.Partner.Example"), DOMAIN],
    ["by an XMPP address", xmpp("partner.example"), DOMAIN],
    ["by an XMPP address in another case", xmpp("Partner.EXAMPLE"), DOMAIN],
    ["by an XMPP address in U-labels", xmpp("pärtner.example"), "xn--prtner-bua.example"],
    ["by an XMPP address in A-labels", xmpp("xn--prtner-bua.example"), "xn--prtner-bua.example"],
  ])("%s", async (_title, name, domain) => {
    expect(await judge(named(name), domain)).toBe("accept");
    expect(await judge(named(name), "other.example")).toBe("wrong-name");
  });
});

describe("a domain is not named", () => {
  test.each<[string, Buffer]>([
    ["by the SRVName of clients", srv("_xmpp-client.partner.example")],
    ["by an SRVName without its service", srv("partner.example")],
    ["by the SRVName of a parent", srv("_xmpp-server.example")],
    ["by an SRVName with a wildcard", srv("_xmpp-server.*.example")],
    ["by an SRVName as UTF8String", srv("_xmpp-server.partner.example", TAG.utf8String)],
    ["by an SRVName with a NUL", srv("_xmpp-server.partner.example\0")],
    ["by an XMPP address with a wildcard", xmpp("*.example")],
    ["by the XMPP address of a user", xmpp("alice@partner.example")],
    ["by an XMPP address with a resource", xmpp("partner.example/a")],
    ["by an XMPP address as IA5String", xmpp("partner.example", TAG.ia5String)],
    ["by an XMPP address as BMPString", xmpp(Buffer.from(DOMAIN, "utf16le").swap16(), TAG.bmpString)],
    ["by an XMPP address with a NUL", xmpp("partner.example\0.evil.example")],
    ["by an XMPP address with a byte order mark", xmpp("\ufeffpartner.example")],
    ["by an XMPP address that is no UTF-8", xmpp(Buffer.concat([Buffer.from(DOMAIN), Buffer.from([0xff])]))],
    ["by full-width letters", xmpp("ｐartner.example")],
    ["by an ideographic full stop", xmpp("partner\u3002example")],
    ["by a soft hyphen within", xmpp("part\u00adner.example")],
    ["by an otherName of another type", other(9, TAG.utf8String, DOMAIN)],
  ])("%s", async (_title, name) => {
    expect(await judge(named(name))).toBe("wrong-name");
  });
});

describe("a CA that is held to some domains", () => {
  test.each<[string, Buffer]>([
    ["an SRVName", srv("_xmpp-server.partner.example")],
    ["an XMPP address", xmpp("partner.example")],
  ])("names no other by %s", async (_title, name) => {
    expect(await judge(named(name), DOMAIN, { permitted: ["other.example"] })).toBe("name-constraint");
    expect(await judge(named(name), DOMAIN, { excluded: ["partner.example"] })).toBe("name-constraint");
    expect(await judge(named(dns("a.other.example"), name), DOMAIN, { permitted: ["other.example"] })).toBe(
      "name-constraint",
    );
    expect(await judge(named(name), DOMAIN, { permitted: ["partner.example"] })).toBe("accept");
  });
});
