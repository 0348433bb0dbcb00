import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { CertificateReport } from "../../src/certificate/check/report";
import { openCertificateStore } from "../../src/certificate/store/certificate-store";
import { runCli } from "../cli/run-cli";
import { ourDomain } from "./rig/federation";
import type { TestCertificate } from "./rig/pki";
import { PeerRig } from "./rig/rig";
import { serverRecords } from "./rig/unbound";

/** Partners, each a Prosody: sound, with clientAuth as well, expired, and without TLS. */
const DOMAINS = ["sound.example", "both.example", "expired.example", "plain.example"] as const;

let rig: PeerRig;
let folder: string;
let common: readonly string[];
let ours: TestCertificate;

beforeAll(async () => {
  rig = await PeerRig.open();
  folder = mkdtempSync(join(tmpdir(), "xmpp-edge-certificate-check-"));
  const { authority } = rig;
  ours = await authority.issue({ names: [ourDomain] });
  const places = await Promise.all(DOMAINS.map((domain) => rig.place(domain)));
  const resolver = await rig.startUnbound({ records: places.flatMap(serverRecords) });
  const certificates = {
    "sound.example": await authority.issue({ names: ["sound.example"] }),
    "both.example": await authority.issue({ names: ["both.example"], clientAuth: true }),
    "expired.example": await authority.issue({ names: ["expired.example"], validFrom: -20, validTo: -1 }),
    "plain.example": await authority.issue({ names: ["plain.example"] }),
  };
  for (const place of places) {
    const domain = place.domain as (typeof DOMAINS)[number];
    const mode = domain === "plain.example" ? "tcp-dialback" : "external";
    await rig.startProsody(place, { mode, resolver, accounts: [], certificates: certificates[domain] });
  }
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const definition = file(
    "edge.json",
    JSON.stringify({
      name: "contoso",
      accessEdge: { fqdn: `sip.${ourDomain}` },
      domains: [{ name: ourDomain }],
      partners: DOMAINS.map((domain) => ({ domain })),
    }),
  );
  common = [
    ...["certificate", "check", definition, "--partners", "--json"],
    ...["--trust-anchors", file("anchors.pem", authority.caPem), "--allow-private-targets", "127.0.0.0/8"],
    ...["--resolver", `${resolver.address}:${resolver.port}`],
  ];
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await rig?.close();
});

async function check(...options: string[]): Promise<Map<string, CertificateReport["subjects"][number]>> {
  const { stdout, stderr } = await runCli([...common, ...options]);
  if (stdout === "") throw new Error(stderr);
  const { subjects } = JSON.parse(stdout) as CertificateReport;
  return new Map(subjects.map((one) => [one.subject.split(" ")[0]!, one]));
}

test("Prosody's chain, uses and offers are told, each partner's by its own", async () => {
  const found = await check();
  expect(found.get("sound.example")).toMatchObject({
    verdict: "pass",
    // It asks for a certificate and closes the stream of who has none: by then its own is known.
    connection: { reached: "secure-stream", starttls: "required", tlsVersion: "TLSv1.3", external: null },
    findings: [{ id: "connection-stream-error", verdict: "info" }],
    certificates: [{ names: ["sound.example"], daysLeft: 29 }, { subject: "CN=Peer test CA" }],
  });
  expect(found.get("sound.example")!.external.map(({ connecting }) => connecting)).toContain("refused");
  expect(found.get("both.example")!.external.map(({ connecting }) => connecting)).not.toContain("refused");
  expect(found.get("expired.example")!.verdict).toBe("fail");
  expect(found.get("expired.example")!.findings.map(({ id }) => id)).toContain("certificate-expired");
  expect(found.get("plain.example")).toMatchObject({ verdict: "fail", findings: [{ id: "connection-no-starttls" }] });
});

test("Prosody offers EXTERNAL to our live certificate", async () => {
  const directory = join(folder, "store");
  const store = openCertificateStore(directory);
  const { certPem: certificatePem, keyPem } = ours;
  store.assign(store.addCertificate({ certificatePem, keyPem, source: "imported" }).id);
  expect((await check("--store", directory)).get("sound.example")).toMatchObject({
    verdict: "pass",
    connection: { reached: "secure-features", external: true },
    findings: [],
  });
});
