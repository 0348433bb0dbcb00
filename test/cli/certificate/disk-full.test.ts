import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "@jest/globals";
import { LabCa } from "../../../src/certificate/lab-ca";
import { type CertificateRecord, openCertificateStore } from "../../../src/certificate/store/certificate-store";
import { readLive } from "../../../src/certificate/store/live";
import { scratchFolder } from "../../load/scratch";

// A disk that is full half-way, played by the limit on the size of files: writes fail after so many blocks of 512 bytes.
const COMMAND = join(__dirname, "..", "..", "..", "bin", "xmpp-edge");
const scratch = scratchFolder();
const definition = scratch.write(
  "edge.json",
  JSON.stringify({
    name: "contoso",
    accessEdge: { fqdn: "sip.contoso.example" },
    domains: [{ name: "contoso.example" }],
    certificate: { key: { type: "ECDSA" } },
  }),
);
const directory = join(scratch.path, "store");
const out = join(scratch.path, "edge.csr");
let live: CertificateRecord;
let other: CertificateRecord;
let anchors: string;
let reply: string;

beforeAll(async () => {
  execFileSync(COMMAND, ["--version"]); // builds, if need be, with all the room it wants
  const names = ["sip.contoso.example", "contoso.example"];
  const ca = await LabCa.create({ now: new Date(), permittedDomains: ["contoso.example"] });
  const issue = () => ca.issue({ commonName: names[0]!, names });
  const store = openCertificateStore(directory);
  live = store.addCertificate({ ...(await issue()), source: "lab" });
  other = store.addCertificate({ ...(await issue()), source: "lab" });
  store.assign(live.id);
  anchors = scratch.write("anchors.pem", ca.certificatePem);
  const { certificatePem, keyPem } = await issue();
  reply = scratch.write("reply.pem", certificatePem + keyPem);
});

it.each<[string, number, () => readonly string[]]>([
  ["import, with no room at all", 0, () => ["import", definition, reply, "--trust-anchors", anchors]],
  ["import, with room for a part", 1, () => ["import", definition, reply, "--trust-anchors", anchors]],
  ["request", 0, () => ["request", definition, "--out", out]],
  ["assign", 0, () => ["assign", definition, other.id]],
])("%s: says to make room, leaves nothing half done, and what is live stays live", (_, blocks, args) => {
  const command = ["certificate", ...args(), "--store", directory];
  const run = spawnSync("sh", ["-c", `ulimit -f ${blocks}; exec "$0" "$@"`, COMMAND, ...command], { encoding: "utf8" });
  expect({ code: run.status, stderr: run.stderr }).toEqual({
    code: 1,
    stderr: expect.stringMatching(/cannot be written: EFBIG[\s\S]*make room on the disk/),
  });
  expect(readLive(directory)?.id).toBe(live.id);
  const store = openCertificateStore(directory);
  expect([store.certificates().length, store.requests().length]).toEqual([2, 0]);
  const left = readdirSync(scratch.path, { recursive: true, encoding: "utf8" });
  expect(left.filter((name) => /unfinished|lock|\.csr/.test(name))).toEqual([]);
});
