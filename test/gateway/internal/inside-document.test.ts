import { describe, expect, test } from "@jest/globals";
import type { DocumentInternal } from "../../../src/definition/facts/gateway-document";
import { partnerPolicy } from "../../../src/definition/facts/partner-policy";
import { declaredServers } from "../../../src/gateway/internal/declared-servers";
import { insideDocument } from "../../../src/gateway/internal/inside-document";
import { documentOf, LOCAL, partner, REMOTE } from "../documents";

const OTHER = "contoso.net.example";
const SECOND = "tailspin.example";
const internal: DocumentInternal = {
  kind: "xmpp",
  users: [],
  servers: [
    { address: "10.0.20.5", port: 5269 },
    { address: "fd00::5", port: 5270 },
  ],
  port: 5271,
  pins: ["a".repeat(64)],
};
const inside = (partners: Parameters<typeof documentOf>[0]) =>
  insideDocument(documentOf(partners, { localDomains: [LOCAL, OTHER], internal }))!;

describe("the document as our own server sees it", () => {
  test("is none without such a server", () => {
    expect(insideDocument(documentOf([partner()]))).toBeUndefined();
  });

  test("speaks for the partners' domains to ours, over TLS, and only to a server that has proved itself", () => {
    const { localDomains, partners } = inside([partner({ domains: [REMOTE, `it.${REMOTE}`] })]);
    expect(localDomains).toEqual([REMOTE, `it.${REMOTE}`]);
    expect(partners.map(({ domain }) => domain)).toEqual([LOCAL, OTHER]);
    expect(partners[0]).toMatchObject({
      tls: "Required",
      methods: ["sasl-over-tls", "tls-dialback"],
      certificateRequired: true,
      pins: ["a".repeat(64)],
      allowedTargets: ["10.0.20.5/32", "fd00::5/128"],
    });
  });

  test("lets pairs be as the partners' rows have them", () => {
    const policy = partnerPolicy(inside([partner({ localDomains: [OTHER] }), partner({ domain: SECOND })]));
    const pairs = [
      [REMOTE, LOCAL],
      [REMOTE, OTHER],
      [SECOND, LOCAL],
      ["unlisted.example", LOCAL],
    ] as const;
    expect(pairs.map(([local, remote]) => policy.row(local, remote) !== undefined)).toEqual([false, true, true, false]);
  });

  test("keeps the names of who is no partner any more: our users are still given back what they sent there", () => {
    const document = documentOf([partner({ localDomains: [OTHER] })], { localDomains: [LOCAL, OTHER], internal });
    const policy = partnerPolicy(insideDocument(document, [REMOTE, SECOND, LOCAL])!);
    expect([...policy.localDomains]).toEqual([REMOTE, SECOND]);
    expect(policy.row(SECOND, LOCAL)).toBeDefined();
    expect(policy.row(REMOTE, LOCAL)).toBeUndefined();
  });

  test("has the same rows when partners come and go: the streams that stand are not concerned", () => {
    expect(inside([partner()]).partners).toEqual(inside([partner(), partner({ domain: SECOND })]).partners);
  });
});

describe("our own server is found", () => {
  const resolver = declaredServers(
    () => internal.servers ?? [],
    () => new Set([LOCAL]),
  );

  test("at the declared places, in their order", async () => {
    await expect(resolver.srv(`_xmpp-server._tcp.${LOCAL}`)).resolves.toMatchObject({
      status: "found",
      value: [
        { priority: 0, port: 5269, target: "10.0.20.5" },
        { priority: 1, port: 5270, target: "fd00::5" },
      ],
    });
    await expect(resolver.addresses("fd00::5")).resolves.toMatchObject({
      status: "found",
      value: [{ address: "fd00::5", family: 6 }],
    });
  });

  test("and nothing else is", async () => {
    await expect(resolver.srv("_xmpp-server._tcp.elsewhere.example")).resolves.toMatchObject({ status: "absent" });
    await expect(resolver.srv(`_xmpps-server._tcp.${LOCAL}`)).resolves.toMatchObject({ status: "absent" });
    await expect(resolver.addresses("10.0.20.6")).resolves.toMatchObject({ status: "absent" });
  });
});
