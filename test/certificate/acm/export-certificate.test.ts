import { X509Certificate } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { type AcmApi, openAcm } from "../../../src/certificate/acm/acm-api";
import { type ExportOptions, exportIfNew } from "../../../src/certificate/acm/export-certificate";
import { type ExportEvent, keepExported } from "../../../src/certificate/acm/keep-exported";
import { LabCa } from "../../../src/certificate/lab-ca";
import { type CertificateStore, openCertificateStore } from "../../../src/certificate/store/certificate-store";
import { runCli } from "../../cli/run-cli";
import { AcmStandIn, type Held } from "../../stand-in-aws/acm";

const ARN = "arn:aws:acm:eu-central-1:123456789012:certificate/12345678-1234-1234-1234-123456789012";
const NAMES = ["sip.contoso.example", "contoso.example"];

let first: Held;
let second: Held;
let other: Held;
let folder: string;
let standIn: AcmStandIn;
let store: CertificateStore;
let api: AcmApi;

const before = { ...process.env };
beforeAll(async () => {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" });
  const ca = await LabCa.create({ now: new Date(), validDays: 60 });
  const issue = (names: readonly string[], validDays: number) => ca.issue({ commonName: names[0]!, names, validDays });
  first = await issue(NAMES, 30);
  second = await issue(NAMES, 40);
  other = await issue(["other.contoso.example"], 30);
});
afterAll(() => {
  process.env = before;
});
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "xmpp-edge-acm-"));
  store = openCertificateStore(join(folder, "store"));
  standIn = new AcmStandIn(ARN, first);
  await standIn.start();
  api = await openAcm({ certificateArn: ARN, endpoint: standIn.endpoint });
});
afterEach(() => {
  api.close();
  standIn.stop();
  rmSync(folder, { recursive: true });
});

const exporting = (): ExportOptions => ({ api, store, names: NAMES, now: Date.now });
const liveNotAfter = () => new Date(store.live()!.notAfter).getTime();
const notAfter = ({ certificatePem }: Held) => new X509Certificate(certificatePem).validToDate.getTime();

describe("a certificate in ACM, by a stand-in of its API", () => {
  test("is exported, checked and made live, its key opened", async () => {
    const record = await exportIfNew(exporting());
    expect(record).toMatchObject({ source: "acm", names: NAMES, keyEncrypted: false });
    expect(store.live()!.id).toBe(record!.id);
    expect(store.credentials(record!.id).certificatePem.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(standIn.calls).toEqual(["DescribeCertificate", "ExportCertificate"]);
  });

  test("is not exported again while it is the live one", async () => {
    await exportIfNew(exporting());
    expect(await exportIfNew(exporting())).toBeUndefined();
    expect(standIn.calls.filter((call) => call === "ExportCertificate")).toHaveLength(1);
  });

  test("that was renewed replaces the live one, with another passphrase", async () => {
    await exportIfNew(exporting());
    standIn.held = second;
    await exportIfNew(exporting());
    expect(liveNotAfter()).toBe(notAfter(second));
    expect(new Set(standIn.passphrases).size).toBe(2);
    for (const passphrase of standIn.passphrases) expect(passphrase).toMatch(/^[A-Za-z0-9_-]{64}$/);
  });

  test("leaves its passphrase nowhere", async () => {
    await exportIfNew(exporting());
    const [passphrase = ""] = standIn.passphrases;
    const found = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .filter(({ parentPath, name }) => readFileSync(join(parentPath, name), "latin1").includes(passphrase));
    expect(passphrase).toHaveLength(64);
    expect(found).toEqual([]);
  });

  test.each<[string, () => Partial<Pick<AcmStandIn, "status" | "held" | "failure">>, string]>([
    ["is not issued yet", () => ({ status: "PENDING_VALIDATION" }), "acm-not-issued"],
    ["is for other names", () => ({ held: other }), "acm-certificate"],
    ["came with another key", () => ({ held: { ...second, keyPem: first.keyPem } }), "acm-certificate"],
    ["may not be exported", () => ({ failure: { status: 400, type: "AccessDeniedException" } }), "acm-refused"],
    ["ACM will not give now", () => ({ failure: { status: 400, type: "ThrottlingException" } }), "acm-unreachable"],
  ])("that %s leaves the present one live", async (_, change, code) => {
    await exportIfNew(exporting());
    Object.assign(standIn, { held: second }, change());
    await expect(exportIfNew(exporting())).rejects.toMatchObject({ code, remedy: expect.any(String) });
    expect(liveNotAfter()).toBe(notAfter(first));
  });
});

describe("as long as it is kept", () => {
  /** Keeps it for so many waits, and gives the events and the waits in hours. */
  async function kept(waits: number, during: (wait: number) => void, now = Date.now) {
    const stop = new AbortController();
    const events: ExportEvent[] = [];
    const hours: number[] = [];
    await keepExported({
      ...exporting(),
      now,
      random: () => 0.5,
      signal: stop.signal,
      onEvent: (event) => events.push(event),
      sleep: async (milliseconds) => {
        hours.push(milliseconds / 3_600_000);
        during(hours.length);
        if (hours.length === waits) stop.abort();
      },
    });
    return { events, hours };
  }

  test("it is looked at twice a day, and what ACM renewed is taken", async () => {
    const { events, hours } = await kept(3, (wait) => {
      if (wait === 2) standIn.held = second;
    });
    expect(hours).toEqual([12, 12, 12]);
    expect(events.map(({ event }) => event)).toEqual(["obtained", "obtained"]);
    expect(liveNotAfter()).toBe(notAfter(second));
  });

  test("failures are told, waited after longer and longer, and end", async () => {
    standIn.status = "PENDING_VALIDATION";
    const { events, hours } = await kept(3, (wait) => {
      if (wait === 2) standIn.status = "ISSUED";
    });
    expect(events).toMatchObject([
      { event: "failed", code: "acm-not-issued", failures: 1 },
      { event: "failed", code: "acm-not-issued", failures: 2 },
      { event: "obtained" },
    ]);
    expect(hours[1]!).toBeGreaterThan(hours[0]!);
    expect(hours[2]).toBe(12);
  });

  test("the alarm is raised as days run low", async () => {
    await exportIfNew(exporting());
    const { events } = await kept(
      1,
      () => undefined,
      () => Date.now() + 27 * 86_400_000,
    );
    expect(events).toMatchObject([{ event: "runs-out", daysLeft: 2 }]);
  });
});

describe("the command", () => {
  const definition = (kind: string) => {
    const file = join(folder, "edge.json");
    const certificate = { source: { kind } };
    const accessEdge = { fqdn: "sip.contoso.example" };
    writeFileSync(
      file,
      JSON.stringify({ name: "contoso", accessEdge, domains: [{ name: "contoso.example" }], certificate }),
    );
    return file;
  };
  const acm = (kind: string, ...options: string[]) =>
    runCli(["certificate", "acm", definition(kind), "--store", join(folder, "store"), ...options]);

  test("exports, and says when there is nothing new", async () => {
    process.env.AWS_ENDPOINT_URL_ACM = standIn.endpoint;
    expect(await acm("acm", "--arn", ARN)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Exported: certificate \S+, 2 names, until /),
    });
    const { code, stdout } = await acm("acm", "--arn", ARN, "--json");
    expect({ code, obtained: JSON.parse(stdout).obtained }).toEqual({ code: 0, obtained: false });
    expect(stdout).not.toContain("PRIVATE KEY");
  });

  test("says what ACM refuses", async () => {
    process.env.AWS_ENDPOINT_URL_ACM = standIn.endpoint;
    const { code, stderr } = await acm("acm", "--arn", ARN.replace("1234-1234-1234", "1234-1234-0000"));
    expect(code).toBe(1);
    expect(stderr).toMatch(/ACM refuses: ResourceNotFoundException/);
  });

  test.each([
    ["request", ["--arn", ARN], /comes from request, not from ACM/],
    ["acm", [], /ARN is not given/],
    ["acm", ["--arn", "arn:aws:s3:::bucket"], /Give arn:aws:acm/],
  ])("of source %s with %j is used wrongly", async (kind, options, message) => {
    const { code, stderr } = await acm(kind, ...options);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(message) });
  });
});
