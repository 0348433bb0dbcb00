import { X509Certificate } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { AcmeState } from "../../src/certificate/acme/acme-state";
import type { ChallengeAnswerer } from "../../src/certificate/acme/challenge-answerer";
import { ChallengeDns } from "../../src/certificate/acme/challenge-dns";
import { dnsAnswerer } from "../../src/certificate/acme/dns-answerer";
import { obtain } from "../../src/certificate/acme/obtain";
import type { ObtainOptions } from "../../src/certificate/acme/obtain-options";
import { OBTAIN_STEPS, type ObtainStep } from "../../src/certificate/acme/obtain-step";
import { openCertificateStore } from "../../src/certificate/store/certificate-store";
import type { DnsHost } from "../../src/dns/host";
import { AcmeSite } from "./rig/acme-site";

/** RFC 8555 with DNS-01 against Pebble, records through RFC 2136 to knot. */
describe("a certificate by ACME", () => {
  let site: AcmeSite;
  beforeAll(async () => {
    site = await AcmeSite.open();
  });
  afterAll(() => site?.close());

  const namesOf = (count: number) =>
    ["contoso.example", ...Array.from({ length: count - 1 }, (_, n) => `n${n}.contoso.example`)].slice(0, count);

  test.each([1, 10, 100])("is issued, made live and renewed for %i names", async (count) => {
    const options = site.options(site.folder(), namesOf(count));
    const first = await obtain(options);
    expect([...first.names].sort()).toEqual([...options.names].sort());
    const { certificatePem, keyPem } = options.store.credentials(first.id);
    expect(new X509Certificate(certificatePem).subject).toBe("CN=contoso.example");
    expect(keyPem).toContain("BEGIN PRIVATE KEY");
    expect(options.store.live()?.id).toBe(first.id);

    const second = await obtain(options);
    expect(second.sha256).not.toBe(first.sha256);
    expect(second.spkiSha256).not.toBe(first.spkiSha256);
    expect(options.store.live()?.id).toBe(second.id);
    for (const name of options.names) expect(await site.host.read(`_acme-challenge.${name}`, "TXT")).toEqual([]);
  });
});

/** Crashes at every point, and what comes of them: acme-crash.test.ts. */
describe("a crash of the client", () => {
  let site: AcmeSite;
  beforeAll(async () => {
    site = await AcmeSite.open();
  });
  afterAll(() => site?.close());

  class Crash extends Error {}
  const crashAt = (options: ObtainOptions, step: ObtainStep): ObtainOptions => ({
    ...options,
    onStep(at) {
      if (at === step) throw new Crash(step);
    },
  });

  test("shows in the steps that are told: what was done is not done again", async () => {
    const names = ["contoso.example", "*.contoso.example"];
    const folder = site.folder();
    const seen: ObtainStep[][] = [[], []];
    for (const [run, steps] of seen.entries())
      await obtain({
        ...site.options(folder, names),
        onStep(at) {
          steps.push(at);
          if (run === 0 && at === "cleared") throw new Crash(at);
        },
      }).catch((error) => expect(error).toBeInstanceOf(Crash));
    const crashedAt = OBTAIN_STEPS.indexOf("cleared");
    expect(seen).toEqual([OBTAIN_STEPS.slice(0, crashedAt + 1), OBTAIN_STEPS.slice(crashedAt + 1)]);
  });

  test("after which other names are wanted begins anew and takes the old records away", async () => {
    const folder = site.folder();
    await expect(obtain(crashAt(site.options(folder, ["old.contoso.example"]), "published"))).rejects.toThrow(Crash);
    expect(await site.host.read("_acme-challenge.old.contoso.example", "TXT")).toHaveLength(1);
    const obtained = await obtain(site.options(folder, ["new.contoso.example"]));
    expect(obtained.names).toEqual(["new.contoso.example"]);
    expect(await site.host.read("_acme-challenge.old.contoso.example", "TXT")).toEqual([]);
  });

  test("at which the order was lost by the server begins anew", async () => {
    const folder = site.folder();
    const names = ["lost.contoso.example"];
    await expect(obtain(crashAt(site.options(folder, names), "ordered"))).rejects.toThrow(Crash);
    const state = new AcmeState(openCertificateStore(folder).folder("acme"), site.pebble.directory);
    const { order } = state;
    state.order = { ...order!, url: `${order!.url}-unknown` };
    expect((await obtain(site.options(folder, names))).names).toEqual(names);
  });
});

test("a record is published where a CNAME leads: a zone delegated for it alone", async () => {
  const site = await AcmeSite.open({
    zones: {
      "contoso.example": ["_acme-challenge.contoso.example. 60 IN CNAME contoso.acme.example."],
      "acme.example": [],
    },
    resolver: true, // knot answers a question from one zone only
  });
  try {
    const owners: string[] = [];
    const options = site.options(site.folder(), ["contoso.example"]);
    const answerer: ChallengeAnswerer = {
      ...options.answerer,
      present(records) {
        owners.push(...records.flatMap((record) => (record.type === "TXT" ? [record.owner] : [])));
        return options.answerer.present(records);
      },
    };
    expect((await obtain({ ...options, answerer })).names).toEqual(["contoso.example"]);
    expect(owners).toEqual(["contoso.acme.example"]);
  } finally {
    await site.close();
  }
});

describe("a CA that wants accounts bound", () => {
  const hmacKey = Buffer.from("thirty-two octets of shared key!").toString("base64url");
  let site: AcmeSite;
  beforeAll(async () => {
    site = await AcmeSite.open({ externalAccounts: { "kid-1": hmacKey } });
  });
  afterAll(() => site?.close());

  test("takes one that is bound", async () => {
    const options = site.options(site.folder(), ["contoso.example"]);
    const account = { ...options.account, externalAccount: { kid: "kid-1", hmacKey } };
    expect((await obtain({ ...options, account })).names).toEqual(["contoso.example"]);
  });

  test("refuses one that is not, and we say what to give", async () => {
    await expect(obtain(site.options(site.folder(), ["contoso.example"]))).rejects.toMatchObject({
      code: "acme-refused",
      remedy: expect.stringContaining("--eab"),
    });
  });
});

describe("what goes wrong leaves the present certificate live", () => {
  let site: AcmeSite;
  let options: ObtainOptions;
  let present: string;
  beforeAll(async () => {
    site = await AcmeSite.open();
    options = site.options(site.folder(), ["contoso.example"]);
    present = (await obtain(options)).id;
  });
  afterAll(() => site?.close());
  afterEach(() => expect(options.store.live()?.id).toBe(present));

  test("terms of service that nobody agreed to", async () => {
    const fresh = site.options(site.folder(), ["contoso.example"]);
    await expect(obtain({ ...fresh, account: { ...fresh.account, agreeTerms: false } })).rejects.toMatchObject({
      code: "acme-terms",
      message: expect.stringContaining("terms of service"),
    });
  });

  test("a record that never shows at the name servers", async () => {
    const host: DnsHost = { ...site.host, publish: async () => undefined };
    const dns = new ChallengeDns({
      resolvers: [],
      nameServers: [site.knot],
      patience: 300,
      sleep: options.sleep,
      now: Date.now,
    });
    const answerer = dnsAnswerer({ host, dns });
    const wanted = { ...options, names: ["contoso.example", "never.contoso.example"], answerer };
    await expect(obtain(wanted)).rejects.toMatchObject({
      code: "acme-propagation",
      message: expect.stringContaining("_acme-challenge"),
    });
  });

  test("a name that the CA cannot validate, and the next attempt begins anew", async () => {
    // Our look says that all is well; the CA's own finds nothing.
    const answerer = { ...options.answerer, present: async () => undefined, shown: async () => undefined };
    const wanted = { ...options, names: ["blind.contoso.example"] };
    await expect(obtain({ ...wanted, answerer })).rejects.toMatchObject({
      code: "acme-validation",
      message: expect.stringContaining("blind.contoso.example"),
    });
    const folder = site.folder();
    expect((await obtain({ ...wanted, store: openCertificateStore(folder) })).names).toEqual(wanted.names);
  });

  test("a server whose TLS certificate is not trusted", async () => {
    const account = { ...options.account, anchorsPem: undefined };
    await expect(obtain({ ...options, account, sleep: async () => undefined })).rejects.toMatchObject({
      code: "acme-unreachable",
      message: expect.stringContaining("self"),
    });
  });
});
