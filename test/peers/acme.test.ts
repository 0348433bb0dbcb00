import { X509Certificate } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { AcmeState } from "../../src/certificate/acme/acme-state";
import type { ChallengeAnswerer } from "../../src/certificate/acme/challenge-answerer";
import { ChallengeDns } from "../../src/certificate/acme/challenge-dns";
import { dnsAnswerer } from "../../src/certificate/acme/dns-answerer";
import { obtain } from "../../src/certificate/acme/obtain";
import type { ObtainOptions } from "../../src/certificate/acme/obtain-options";
import type { ObtainStep } from "../../src/certificate/acme/obtain-step";
import { openCertificateStore } from "../../src/certificate/store/certificate-store";
import type { DnsHost } from "../../src/dns/host";
import { AcmeSite } from "./rig/acme-site";

jest.setTimeout(120_000);

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

/** The order in which a good course goes; at "registered" only with a new account. */
const STEPS: readonly ObtainStep[] = [
  "registered",
  "prepared",
  "ordered",
  "publishing",
  "published",
  "shown",
  "answered",
  "validated",
  "cleared",
  "finalized",
  "downloaded",
  "stored",
  "assigned",
];

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

  test.each(STEPS)("at the step %s is resumed: one certificate, no record left", async (step) => {
    const folder = site.folder();
    const names = ["contoso.example", `${step}.contoso.example`, `*.${step}.contoso.example`];
    await expect(obtain(crashAt(site.options(folder, names), step))).rejects.toThrow(Crash);
    const seen: ObtainStep[] = [];
    const options = { ...site.options(folder, names), onStep: (at: ObtainStep) => void seen.push(at) };
    const stored = options.store.certificates();
    const obtained = await obtain(options);
    expect(options.store.live()?.id).toBe(obtained.id);
    // After "assigned" the new one is live already: who calls again asks for the next.
    expect(options.store.certificates()).toHaveLength(step === "assigned" ? 2 : 1);
    expect(stored.length).toBe(step === "stored" || step === "assigned" ? 1 : 0);
    // Nothing that was done is done again.
    const done = STEPS.slice(0, STEPS.indexOf(step));
    if (step !== "assigned") expect(seen.filter((at) => done.includes(at) && !repeatable.includes(at))).toEqual([]);
    for (const name of names)
      expect(await site.host.read(`_acme-challenge.${name.replace("*.", "")}`, "TXT")).toEqual([]);
  });

  /** Until a name is validated its record is published, and looked for, as often as it takes: it may be gone. */
  const repeatable: readonly ObtainStep[] = ["publishing", "published", "shown", "answered", "validated", "cleared"];

  test.each([1, 10, 100])("at every step in a row still ends in one certificate of %i names", async (count) => {
    const folder = site.folder();
    const names = Array.from({ length: count }, (_, n) => `c${count}-${n}.contoso.example`);
    // Each run gets one step further than the last, or more where the server was quicker than we.
    let reached = -1;
    while (reached < STEPS.indexOf("stored")) {
      const onStep = (at: ObtainStep) => {
        if (STEPS.indexOf(at) <= reached) return;
        reached = STEPS.indexOf(at);
        throw new Crash(at);
      };
      await expect(obtain({ ...site.options(folder, names), onStep })).rejects.toThrow(Crash);
    }
    const obtained = await obtain(site.options(folder, names));
    expect(obtained.names).toHaveLength(count);
    expect(openCertificateStore(folder).certificates()).toHaveLength(1);
    for (const name of names) expect(await site.host.read(`_acme-challenge.${name}`, "TXT")).toEqual([]);
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

test("an unruly server, which refuses nonces and takes its time, is borne", async () => {
  const site = await AcmeSite.open({ unruly: true });
  try {
    const options = site.options(site.folder(), ["contoso.example", "a.contoso.example", "b.contoso.example"]);
    const first = await obtain(options);
    expect((await obtain(options)).sha256).not.toBe(first.sha256);
    expect(site.pebble.process.log.join("\n")).toMatch(/badNonce|nonce/i);
  } finally {
    await site.close();
  }
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
