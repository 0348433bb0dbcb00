import { beforeAll, describe, expect, test } from "@jest/globals";
import { TrustStore, validateChain } from "../../src/certificate/chain";
import { contextConstructed, contextPrimitive, TAG } from "../../src/certificate/der";
import { encodeDer } from "../../src/certificate/der-write";
import { Extension, type Issued, issue, NOW, SUBJECT_ALT_NAME } from "./authority";
import { DOMAIN, Scenery } from "./chains";

let scenery: Scenery;
let trust: TrustStore;

beforeAll(async () => {
  scenery = await Scenery.build();
  trust = TrustStore.fromPem(scenery.root.pem);
});

const judge = (presented: readonly Issued[], domain = DOMAIN) => {
  const verdict = validateChain({ presented: presented.map((one) => one.der), trust, domain, now: NOW });
  return verdict.ok ? "accept" : verdict.code;
};

const generalName = {
  dns: (name: string) => encodeDer(contextPrimitive(2), Buffer.from(name)),
  email: (name: string) => encodeDer(contextPrimitive(1), Buffer.from(name)),
  uri: (name: string) => encodeDer(contextPrimitive(6), Buffer.from(name)),
  address: (...bytes: number[]) => encodeDer(contextPrimitive(7), Buffer.from(bytes)),
  /** otherName of type 1.3.6.1.5.5.7.8.<last> */
  other: (last: number, name: string) =>
    encodeDer(
      contextConstructed(0),
      encodeDer(TAG.oid, Buffer.from([0x2b, 6, 1, 5, 5, 7, 8, last])),
      encodeDer(contextConstructed(0), encodeDer(TAG.utf8String, Buffer.from(name))),
    ),
  /** directoryName of attributes 2.5.4.<type>, each a relative name of its own */
  directory: (...attributes: [type: number, text: string, tag?: number][]) =>
    encodeDer(
      contextConstructed(4),
      encodeDer(
        TAG.sequence,
        ...attributes.map(([type, text, tag = TAG.utf8String]) =>
          encodeDer(
            TAG.set,
            encodeDer(
              TAG.sequence,
              encodeDer(TAG.oid, Buffer.from([0x55, 4, type])),
              encodeDer(tag, tag === TAG.bmpString ? Buffer.from(text, "utf16le").swap16() : Buffer.from(text)),
            ),
          ),
        ),
      ),
    ),
};
const [COMMON_NAME, COUNTRY, ORGANISATION] = [3, 6, 10];

const trees = (tag: number, bases: readonly Buffer[]) =>
  bases.length > 0 ? [encodeDer(contextConstructed(tag), ...bases.map((base) => encodeDer(TAG.sequence, base)))] : [];
const constraint = (permitted: readonly Buffer[], excluded: readonly Buffer[] = []) =>
  new Extension("2.5.29.30", true, encodeDer(TAG.sequence, ...trees(0, permitted), ...trees(1, excluded)));
const san = (...names: Buffer[]) => new Extension(SUBJECT_ALT_NAME, false, encodeDer(TAG.sequence, ...names));

describe("DNS names", () => {
  test.each<[string, readonly string[], readonly string[], readonly string[], string]>([
    ["permitted: the name itself", ["partner.example"], [], ["partner.example"], "accept"],
    ["permitted: a parent", ["example"], [], ["partner.example"], "accept"],
    ["permitted: case does not count", ["EXAMPLE"], [], ["partner.Example"], "accept"],
    ["permitted: one of several", ["a.example", "partner.example"], [], ["partner.example"], "accept"],
    ["permitted: everything", [""], [], ["partner.example"], "accept"],
    ["permitted: a sibling that ends alike", ["artner.example"], [], ["partner.example"], "name-constraint"],
    ["permitted: a child", ["chat.partner.example"], [], ["partner.example"], "name-constraint"],
    ["permitted: all names have to be", ["partner.example"], [], ["partner.example", "a.test"], "name-constraint"],
    ["permitted with a leading dot: names below", [".example"], [], ["partner.example"], "accept"],
    ["permitted with a leading dot: not itself", [".partner.example"], [], ["partner.example"], "name-constraint"],
    ["excluded: the name itself", [], ["partner.example"], ["partner.example"], "name-constraint"],
    ["excluded: a parent", [], ["example"], ["partner.example"], "name-constraint"],
    ["excluded: everything", [], [""], ["partner.example"], "name-constraint"],
    ["excluded with a leading dot: itself too", [], [".partner.example"], ["partner.example"], "name-constraint"],
    ["excluded: another", [], ["a.example"], ["partner.example"], "accept"],
    ["excluded within permitted", ["example"], ["partner.example"], ["partner.example"], "name-constraint"],
    ["a base that is a wildcard", [], ["*.other.example"], ["partner.example"], "name-constraint"],
    ["a base with a final dot", [], ["other.example."], ["partner.example"], "name-constraint"],
    ["a base with an empty label", [], ["other..example"], ["partner.example"], "name-constraint"],
  ])("%s", async (_title, permitted, excluded, names, expected) => {
    const constraints = constraint(permitted.map(generalName.dns), excluded.map(generalName.dns));
    expect(judge(await scenery.below({ extensions: [constraints] }, { names }))).toBe(expected);
  });

  test.each<[string, readonly string[], readonly string[], string]>([
    ["permitted: what the star hangs on", ["partner.example"], [], "accept"],
    ["permitted with a leading dot: what the star hangs on", [".partner.example"], [], "accept"],
    ["permitted: a single name below", ["chat.partner.example"], [], "name-constraint"],
    ["excluded: what the star hangs on", [], ["partner.example"], "name-constraint"],
    ["excluded: a name that the star covers", [], ["chat.partner.example"], "name-constraint"],
    ["excluded: another name that the star covers", [], ["secret.partner.example"], "name-constraint"],
    ["excluded: a name too deep for the star", [], ["a.b.partner.example"], "accept"],
  ])("a wildcard, %s", async (_title, permitted, excluded, expected) => {
    const constraints = constraint(permitted.map(generalName.dns), excluded.map(generalName.dns));
    const chain = await scenery.below({ extensions: [constraints] }, { names: ["*.partner.example"] });
    expect(judge(chain, "chat.partner.example")).toBe(expected);
  });
});

describe("along the path", () => {
  test("every CA's constraints count", async () => {
    const upper = await scenery.ca({ permitted: ["example"] });
    const lower = await issue({ subject: "CN=Sub", issuer: upper, ca: true, permitted: ["test"] });
    const chain = [await scenery.leaf({ issuer: lower }), lower, upper];
    expect(judge(chain)).toBe("name-constraint");
  });

  test("a CA cannot lift what one above it has laid down", async () => {
    const upper = await scenery.ca({ permitted: ["other.example"] });
    const lower = await issue({ subject: "CN=Sub", issuer: upper, ca: true, permitted: ["", DOMAIN] });
    expect(judge([await scenery.leaf({ issuer: lower }), lower, upper])).toBe("name-constraint");
  });

  test("a CA's own constraints do not bind itself", async () => {
    expect(judge(await scenery.below({ names: ["ca.test"], permitted: ["example"] }))).toBe("accept");
  });

  test("names of intermediates count", async () => {
    const upper = await scenery.ca({ permitted: ["example"] });
    const lower = await issue({ subject: "CN=Sub", issuer: upper, ca: true, names: ["ca.test"] });
    expect(judge([await scenery.leaf({ issuer: lower }), lower, upper])).toBe("name-constraint");
  });

  test("but not of a CA that only changed its key", async () => {
    const old = await issue({ subject: "CN=Rolling", issuer: scenery.root, ca: true, permitted: ["example"] });
    const fresh = await issue({ subject: "CN=Rolling", issuer: old, ca: true, names: ["ca.test"] });
    expect(judge([await scenery.leaf({ issuer: fresh }), fresh, old])).toBe("accept");
  });
});

describe("directory names", () => {
  const subject = [{ C: ["IT"] }, { O: ["Contoso  Ltd"] }, { CN: [DOMAIN] }];
  test.each<[string, Buffer[], Buffer[], string]>([
    ["permitted: the first parts", [generalName.directory([COUNTRY, "IT"])], [], "accept"],
    [
      "permitted: case, white space and string type do not count",
      [generalName.directory([COUNTRY, "it", TAG.printableString], [ORGANISATION, " CONTOSO ltd", TAG.bmpString])],
      [],
      "accept",
    ],
    ["permitted: everything", [generalName.directory()], [], "accept"],
    ["permitted: another country", [generalName.directory([COUNTRY, "DE"])], [], "name-constraint"],
    [
      "permitted: a part that is not the first",
      [generalName.directory([ORGANISATION, "Contoso Ltd"])],
      [],
      "name-constraint",
    ],
    [
      "permitted: a longer name",
      [
        generalName.directory(
          [COUNTRY, "IT"],
          [ORGANISATION, "Contoso Ltd"],
          [COMMON_NAME, DOMAIN],
          [COMMON_NAME, "x"],
        ),
      ],
      [],
      "name-constraint",
    ],
    ["excluded: the first part", [], [generalName.directory([COUNTRY, "it", TAG.bmpString])], "name-constraint"],
    ["excluded: another country", [], [generalName.directory([COUNTRY, "DE"])], "accept"],
  ])("%s", async (_title, permitted, excluded, expected) => {
    const ca = { extensions: [constraint(permitted, excluded)] };
    expect(judge(await scenery.below(ca, { subject }))).toBe(expected);
  });

  test("in subjectAltName count as well, an empty subject does not", async () => {
    const ca = { extensions: [constraint([generalName.directory([COUNTRY, "IT"])])] };
    const names = (country: string) => [san(generalName.dns(DOMAIN), generalName.directory([COUNTRY, country]))];
    expect(judge(await scenery.below(ca, { subject: [], names: [], extensions: names("IT") }))).toBe("accept");
    expect(judge(await scenery.below(ca, { subject: [], names: [], extensions: names("DE") }))).toBe("name-constraint");
  });

  test("that cannot be read refuse", async () => {
    const broken = encodeDer(contextConstructed(4), encodeDer(TAG.sequence, encodeDer(TAG.sequence)));
    expect(judge(await scenery.below({ extensions: [constraint([broken])] }))).toBe("unreadable");
  });
});

describe("forms that are not applied refuse the certificates that have them, and no others", () => {
  test.each<[string, Buffer, Buffer]>([
    ["address", generalName.address(0, 0, 0, 0, 0, 0, 0, 0), generalName.address(192, 0, 2, 1)],
    ["e-mail", generalName.email("example"), generalName.email("a@partner.example")],
    ["URI", generalName.uri("example"), generalName.uri("xmpp://partner.example")],
    ["otherName of the same type", generalName.other(5, "example"), generalName.other(5, DOMAIN)],
  ])("%s", async (_title, base, name) => {
    const leaf = { names: [], extensions: [san(generalName.dns(DOMAIN), name)] };
    expect(judge(await scenery.below({ extensions: [constraint([base])] }, leaf))).toBe("name-constraint");
    expect(judge(await scenery.below({ extensions: [constraint([], [base])] }, leaf))).toBe("name-constraint");
    expect(judge(await scenery.below({ extensions: [constraint([base], [base])] }))).toBe("accept");
  });

  test("an otherName of another type is another form", async () => {
    const leaf = { names: [], extensions: [san(generalName.dns(DOMAIN), generalName.other(7, "_x.example"))] };
    expect(judge(await scenery.below({ extensions: [constraint([generalName.other(5, "a")])] }, leaf))).toBe("accept");
  });
});
