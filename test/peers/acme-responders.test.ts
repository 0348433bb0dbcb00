import { X509Certificate } from "node:crypto";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { EdgeCertificates } from "../../src/certificate";
import { AcmeState } from "../../src/certificate/acme/acme-state";
import type { ChallengeAnswerer } from "../../src/certificate/acme/challenge-answerer";
import { obtain } from "../../src/certificate/acme/obtain";
import type { ObtainOptions } from "../../src/certificate/acme/obtain-options";
import type { ObtainStep } from "../../src/certificate/acme/obtain-step";
import { httpAnswerer, tlsAlpnAnswerer } from "../../src/certificate/acme/responder/responding-answerer";
import { defineEdge } from "../../src/definition";
import { AcmeSite } from "./rig/acme-site";
import { freePort, LoopbackNetwork } from "./rig/ports";

/** Where the CA comes to. */
let network: LoopbackNetwork;
let host: string;
let site: AcmeSite;
let ports: { readonly http: number; readonly tls: number };
const answererOf: Readonly<Record<string, () => ChallengeAnswerer>> = {
  "http-01": () => httpAnswerer({ listen: [{ address: host, port: ports.http }], now: Date.now }),
  "tls-alpn-01": () => tlsAlpnAnswerer({ listen: [{ address: host, port: ports.tls }], now: Date.now }),
};

beforeAll(async () => {
  network = await LoopbackNetwork.claim();
  host = network.address();
  ports = { http: await freePort(host, 5080), tls: await freePort(host, 5443) };
  site = await AcmeSite.open({
    zones: {
      "contoso.example": [
        `contoso.example. 60 IN A ${host}`,
        `*.contoso.example. 60 IN A ${host}`,
        "elsewhere.contoso.example. 60 IN A 127.0.0.99",
      ],
    },
    challengePorts: ports,
  });
});
afterAll(async () => {
  await site?.close();
  await network?.release();
});

/** True while somebody listens where the CA comes to. */
function isListening(type: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(type === "http-01" ? ports.http : ports.tls, host);
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

const namesOf = (count: number) =>
  ["contoso.example", ...Array.from({ length: count - 1 }, (_, n) => `n${n}.contoso.example`)].slice(0, count);

const options = (type: string, folder: string, names: readonly string[]): ObtainOptions => ({
  ...site.options(folder, names),
  answerer: answererOf[type]!(),
});

describe.each(["http-01", "tls-alpn-01"])("a certificate by ACME with %s", (type) => {
  test.each([1, 10, 100])("is issued, made live and renewed for %i names", async (count) => {
    const wanted = options(type, site.folder(), namesOf(count));
    const first = await obtain(wanted);
    expect([...first.names].sort()).toEqual([...wanted.names].sort());
    const { certificatePem } = wanted.store.credentials(first.id);
    expect(new X509Certificate(certificatePem).subject).toBe("CN=contoso.example");
    expect(wanted.store.live()?.id).toBe(first.id);
    const second = await obtain(wanted);
    expect(second.sha256).not.toBe(first.sha256);
    expect(await isListening(type)).toBe(false);
  });

  test("listens only while there is something to answer", async () => {
    const looks: Promise<[ObtainStep, boolean]>[] = [];
    const onStep = (step: ObtainStep) => {
      if (["ordered", "answered", "assigned"].includes(step)) looks.push(isListening(type).then((is) => [step, is]));
    };
    await obtain({ ...options(type, site.folder(), [`listen-${type}.contoso.example`]), onStep });
    expect(await Promise.all(looks)).toEqual([
      ["ordered", false],
      ["answered", true],
      ["assigned", false],
    ]);
  });

  class Crash extends Error {}

  test.each<ObtainStep>(["ordered", "publishing", "published", "shown", "answered", "validated", "cleared"])(
    "after a crash at the step %s goes on where it was",
    async (step) => {
      const folder = site.folder();
      const names = [`${step}-${type}.contoso.example`, `b.${step}-${type}.contoso.example`];
      const onStep = (at: ObtainStep) => {
        if (at === step) throw new Crash(step);
      };
      await expect(obtain({ ...options(type, folder, names), onStep })).rejects.toThrow(Crash);
      expect(await isListening(type)).toBe(false);
      const wanted = options(type, folder, names);
      const again = () => obtain(wanted);
      // Pebble asks once: what it found nobody for it has refused already, and the order begins anew.
      const resumed = await (step === "answered" ? again().catch(again) : again());
      expect([...resumed.names].sort()).toEqual([...names].sort());
      expect(wanted.store.certificates()).toHaveLength(1);
    },
  );

  test("is refused for a name that leads elsewhere; the next attempt begins anew, and nobody listens", async () => {
    const wanted = options(type, site.folder(), ["contoso.example", "elsewhere.contoso.example"]);
    await expect(obtain(wanted)).rejects.toMatchObject({
      code: "acme-validation",
      message: expect.stringContaining("elsewhere.contoso.example"),
      remedy: expect.stringContaining("leads to this host"),
    });
    expect(new AcmeState(wanted.store.folder("acme"), site.pebble.directory).order).toBeUndefined();
    expect(await isListening(type)).toBe(false);
    expect((await obtain({ ...wanted, names: ["contoso.example"] })).names).toEqual(["contoso.example"]);
  });

  test("is not asked for where the port is taken; the order waits for the next attempt", async () => {
    const folder = site.folder();
    const names = [`taken-${type}.contoso.example`];
    const blocker = answererOf[type]!();
    await blocker.present([
      { type: "response", challenge: type as "http-01", name: "x.example", token: "t", keyAuthorization: "t.k" },
    ]);
    await expect(obtain(options(type, folder, names))).rejects.toMatchObject({ code: "acme-listen" });
    await blocker.close();
    expect((await obtain(options(type, folder, names))).names).toEqual(names);
  });

  test("is not asked for where a name is a wildcard", async () => {
    await expect(obtain(options(type, site.folder(), ["*.contoso.example"]))).rejects.toMatchObject({
      message: expect.stringContaining(`no ${type} for`),
    });
  });
});

test("the library obtains one, and says when nothing is due", async () => {
  const definition = defineEdge({
    name: "contoso",
    accessEdge: { fqdn: "library.contoso.example" },
    domains: [{ name: "contoso.example" }],
    certificate: {
      key: { type: "ECDSA" },
      source: { kind: "acme", challenge: "http-01", directory: site.pebble.directory },
    },
  });
  const certificates = EdgeCertificates.open(definition, site.folder());
  const choice = { answerer: answererOf["http-01"]!(), agreeTerms: true, anchorsPem: site.rig.authority.caPem };
  expect((await certificates.renew(choice))?.names).toEqual(["library.contoso.example", "contoso.example"]);
  expect(await certificates.renew(choice)).toBeUndefined();
  expect(certificates.plan().problems).toEqual([]);
});

test("an unruly server, which refuses nonces and takes its time, is borne by both", async () => {
  const unruly = await AcmeSite.open({
    zones: { "contoso.example": [`*.contoso.example. 60 IN A ${host}`] },
    challengePorts: ports,
    unruly: true,
  });
  try {
    for (const type of ["http-01", "tls-alpn-01"]) {
      const names = Array.from({ length: 5 }, (_, n) => `n${n}.contoso.example`);
      const wanted = { ...unruly.options(unruly.folder(), names), answerer: answererOf[type]!() };
      expect((await obtain(wanted)).names).toHaveLength(5);
    }
  } finally {
    await unruly.close();
  }
});
