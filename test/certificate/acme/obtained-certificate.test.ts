import { beforeAll, describe, expect, test } from "@jest/globals";
import { checkObtained } from "../../../src/certificate/acme/obtained-certificate";
import { CLIENT_AUTH, type Issued, issue, keyPem, NOW, SERVER_AUTH } from "../authority";

const names = ["contoso.example", "www.contoso.example"];
let root: Issued;
let intermediate: Issued;
let leaf: Issued;
let wanted: { keyPem: string; names: readonly string[]; now: number };

beforeAll(async () => {
  root = await issue({ subject: "CN=Root", ca: true });
  intermediate = await issue({ subject: "CN=Intermediate", ca: true, issuer: root });
  leaf = await issue({ subject: "CN=contoso.example", issuer: intermediate, names, purposes: [SERVER_AUTH] });
  wanted = { keyPem: await keyPem(leaf), names, now: NOW.getTime() };
});

const chain = (...certificates: Issued[]) => certificates.map(({ pem }) => pem).join("\n");
/** Another certificate for the same key. */
const sameKey = (options: Partial<Parameters<typeof issue>[0]>) =>
  issue({
    subject: "CN=contoso.example",
    issuer: intermediate,
    names,
    purposes: [SERVER_AUTH],
    keyPair: leaf.keys,
    ...options,
  });

describe("the certificate that a CA gives", () => {
  test("is taken with its chain, with or without the root", () => {
    expect(checkObtained(chain(leaf, intermediate), wanted).subject).toBe("CN=contoso.example");
    expect(checkObtained(chain(leaf, intermediate, root), wanted).subject).toBe("CN=contoso.example");
  });

  test("is taken with more names than were asked for, and begun within the hour to come", async () => {
    const early = await sameKey({ names: [...names, "more.contoso.example"], from: 1 / 48 });
    expect(checkObtained(chain(early, intermediate), wanted).sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  test.each<[string, () => Promise<string>, RegExp]>([
    ["is nothing", async () => "", /0 certificates/],
    [
      "is no certificate",
      async () => "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
      /not the one asked for/,
    ],
    ["comes in a chain without end", async () => chain(...Array<Issued>(11).fill(leaf)), /11 certificates/],
    [
      "is for another key",
      async () => chain(await issue({ subject: "CN=x", issuer: intermediate, names })),
      /another key/,
    ],
    ["lacks a name", async () => chain(await sameKey({ names: names.slice(0, 1) })), /lacks www\.contoso\.example/],
    ["has ended", async () => chain(await sameKey({ from: -20, to: -1 })), /it ended at/],
    ["begins tomorrow", async () => chain(await sameKey({ from: 1 })), /clock/],
    ["is for clients alone", async () => chain(await sameKey({ purposes: [CLIENT_AUTH] })), /serverAuth/],
    ["is a CA's", async () => chain(await sameKey({ ca: true })), /a CA's/],
    ["comes with somebody else's chain", async () => chain(leaf, root), /chain breaks/],
    ["comes in the wrong order", async () => chain(intermediate, leaf), /another key/],
    [
      "was signed by a forger in the issuer's name",
      async () => chain(await sameKey({ signWith: await issue({ subject: "CN=Forger", ca: true }) }), intermediate),
      /chain breaks/,
    ],
  ])("is refused where it %s", async (_, make, message) => {
    const pem = await make();
    expect(() => checkObtained(pem, wanted)).toThrow(
      expect.objectContaining({ code: "acme-certificate", message: expect.stringMatching(message) }),
    );
  });
});
