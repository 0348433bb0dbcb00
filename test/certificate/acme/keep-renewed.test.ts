import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { ChallengeDns } from "../../../src/certificate/acme/challenge-dns";
import { dnsAnswerer } from "../../../src/certificate/acme/dns-answerer";
import { keepRenewed, type RenewalEvent, type RenewOptions } from "../../../src/certificate/acme/keep-renewed";
import { openCertificateStore } from "../../../src/certificate/store/certificate-store";
import { manualHost } from "../../../src/dns/host";
import { Extension, type Issued, issue, keyPem, NOW, SERVER_AUTH } from "../authority";
import { type Answerer, directory, directoryStandIn, json } from "./directory-stand-in";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** An authority key identifier of four octets: what ARI names a certificate by. */
const issuerKey = new Extension("2.5.29.35", false, Buffer.from("30068004deadbeef", "hex"));

describe("a certificate that is kept renewed, with a stand-in directory and a clock of our own", () => {
  let folder: string;
  let clock: number;
  let events: RenewalEvent[];
  const closing: (() => void)[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "xmpp-edge-keep-"));
    clock = NOW.getTime();
    events = [];
  });
  afterEach(() => {
    for (const close of closing.splice(0)) close();
    rmSync(folder, { recursive: true });
  });

  /** Runs for so long by the clock, which only sleeping moves. */
  async function run(answer: Answerer, days: number, live?: Issued): Promise<RenewalEvent[]> {
    const standIn = await directoryStandIn(answer);
    closing.push(() => standIn.close());
    const store = openCertificateStore(join(folder, "store"), { now: () => clock });
    if (live !== undefined && store.live() === undefined)
      store.assign(store.addCertificate({ certificatePem: live.pem, keyPem: await keyPem(live), source: "acme" }).id);
    const stop = new AbortController();
    const end = clock + days * DAY;
    const sleep = async (milliseconds: number) => {
      clock += Math.max(milliseconds, 1);
      if (clock >= end) stop.abort();
    };
    const now = () => clock;
    const options: RenewOptions = {
      account: { directory: `${standIn.base}/dir`, agreeTerms: true },
      names: ["contoso.example"],
      key: { type: "ECDSA", bits: 256 },
      answerer: dnsAnswerer({
        host: manualHost(() => undefined),
        dns: new ChallengeDns({ resolvers: [], patience: 1, sleep, now }),
      }),
      store,
      timeout: 60_000,
      now,
      sleep,
      signal: stop.signal,
      random: () => 0.5,
      onEvent: (event) => events.push(event),
    };
    await keepRenewed(options);
    return events;
  }

  const named = (event: RenewalEvent["event"]) => events.filter((one) => one.event === event);
  const refusing: Answerer = (request, response, base) => {
    if (request.url === "/dir") json(response, directory(base));
    else if (request.url === "/nonce") response.writeHead(200, { "replay-nonce": "bm9uY2U" }).end();
    else json(response, { type: "urn:ietf:params:acme:error:rejectedIdentifier", detail: "not you" }, 403);
  };
  const leaf = (from: number, to: number) =>
    issue({
      subject: "CN=contoso.example",
      names: ["contoso.example"],
      purposes: [SERVER_AUTH],
      from,
      to,
      extensions: [issuerKey],
    });

  test("is left in peace until two thirds of its life have passed", async () => {
    await run(refusing, 50, await leaf(0, 90));
    expect(named("due")[0]).toMatchObject({
      source: "lifetime",
      at: new Date(NOW.getTime() + 57.75 * DAY).toISOString(),
    });
    expect(named("failed")).toEqual([]);
  });

  test("is tried again later and later, and raises the alarm in its last sixth", async () => {
    await run(refusing, 89.9, await leaf(0, 90));
    const waits = named("failed").flatMap((one) => (one.event === "failed" ? [one.failures] : []));
    expect(waits.length).toBeGreaterThan(20);
    expect(waits.length).toBeLessThan(200);
    expect(waits).toEqual(waits.map((_, index) => index + 1));
    const alarms = named("runs-out").flatMap((one) => (one.event === "runs-out" ? [one.daysLeft] : []));
    expect(alarms[0]).toBe(14);
    expect(new Set(alarms)).toEqual(new Set(Array.from({ length: 15 }, (_, days) => days)));
    expect(openCertificateStore(join(folder, "store")).live()?.names).toEqual(["contoso.example"]);
  });

  test("waits as long as a server that limits the rate asks for", async () => {
    const limiting: Answerer = (request, response, base) =>
      request.url === "/dir" || request.url === "/nonce"
        ? refusing(request, response, base)
        : json(response, { type: "urn:ietf:params:acme:error:rateLimited" }, 429, { "retry-after": "43200" });
    await run(limiting, 0.9);
    expect(named("failed")).toHaveLength(2);
    expect(named("failed")[0]).toMatchObject({
      code: "acme-rate-limited",
      nextAttempt: new Date(NOW.getTime() + 12 * HOUR).toISOString(),
    });
  });

  const suggesting =
    (from: number, to: number, asked: string[] = []): Answerer =>
    (request, response, base) => {
      if (request.url === "/dir") return json(response, directory(base, { renewalInfo: `${base}/renewal` }));
      if (request.url?.startsWith("/renewal/") !== true) return refusing(request, response, base);
      asked.push(request.url);
      const at = (days: number) => new Date(NOW.getTime() + days * DAY).toISOString();
      return json(response, { suggestedWindow: { start: at(from), end: at(to) } });
    };

  test("is renewed when the CA says by ARI, long before its life would have it", async () => {
    const asked: string[] = [];
    await run(suggesting(5, 7, asked), 6.2, await leaf(0, 90));
    expect(asked.length).toBeGreaterThan(20); // every six hours, as the server said nothing else
    expect(asked[0]).toMatch(/^\/renewal\/3q2-7w\.[\w-]+$/);
    expect(named("due")[0]).toMatchObject({ source: "ari", at: new Date(NOW.getTime() + 6 * DAY).toISOString() });
    expect(named("failed").length).toBeGreaterThan(0);
  });

  test("moves with a window that moves into the past: a revocation to come", async () => {
    const live = await leaf(-30, 60);
    await run(suggesting(20, 22), 1, live);
    expect(named("failed")).toEqual([]);
    await run(suggesting(-2, -1), 1, live);
    expect(named("failed").length).toBeGreaterThan(0);
  });

  test("is due by its life where the CA's answers make no sense", async () => {
    const nonsense: Answerer = (request, response, base) =>
      request.url === "/dir"
        ? json(response, directory(base, { renewalInfo: `${base}/renewal` }))
        : json(response, { suggestedWindow: "soon" });
    await run(nonsense, 1, await leaf(0, 90));
    expect(named("no-renewal-information").length).toBeGreaterThan(0);
    expect(named("due")[0]).toMatchObject({ source: "lifetime" });
  });
});
