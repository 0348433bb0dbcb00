import { X509Certificate } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { EdgeInput } from "../../src/definition";
import { probe } from "../../src/dns/probe";
import { AcmStandIn } from "../stand-in-aws/acm";
import { ourDomain } from "./rig/federation";
import { program } from "./rig/gateway";
import { PeerRig } from "./rig/rig";
import { lifeline, WatchedProcess } from "./rig/watched-process";
import { makeWorkFolder } from "./rig/work-folder";

const ARN = "arn:aws:acm:eu-central-1:123456789012:certificate/12345678-1234-1234-1234-123456789012";

let rig: PeerRig;
let work: string;
let standIn: AcmStandIn;
let gateway: WatchedProcess;

beforeAll(async () => {
  rig = await PeerRig.open();
  work = await makeWorkFolder();
  const { certPem: certificatePem, keyPem } = await rig.authority.issue({ names: [`sip.${ourDomain}`, ourDomain] });
  standIn = new AcmStandIn(ARN, { certificatePem, keyPem });
  await standIn.start();
});
afterAll(async () => {
  await gateway?.stop();
  standIn?.stop();
  await rig?.close();
  await rm(work, { recursive: true, force: true });
});

test("from an empty state run exports its certificate out of ACM (a stand-in of its API) and serves it", async () => {
  const { address, s2sPort: port } = await rig.place(ourDomain);
  const definition: EdgeInput = {
    name: "contoso",
    accessEdge: { fqdn: `sip.${ourDomain}` },
    domains: [{ name: ourDomain }],
    certificate: { source: { kind: "acm" } },
    partners: [{ domain: "partner.example" }],
  };
  await writeFile(join(work, "edge.json"), JSON.stringify(definition));
  gateway = new WatchedProcess("gateway", [
    ...lifeline,
    "env",
    ...["AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", `AWS_ENDPOINT_URL_ACM=${standIn.endpoint}`],
    `XMPP_EDGE_CERTIFICATE_ARN=${ARN}`,
    process.execPath,
    program(),
    "run",
    join(work, "edge.json"),
    ...["--listen", `${address}:${port}`, "--admin", `${address}:0`],
    ...["--certificate-store", join(work, "certificates"), "--state", join(work, "state")],
  ]);
  await gateway.waitForLog(/certificate-obtained/);
  await gateway.waitForLog(/"ready":true/);
  const { tls } = await probe({ domain: ourDomain, address, port });
  expect(tls?.chain[0]).toEqual(new X509Certificate(standIn.held.certificatePem).raw);
  for (const passphrase of standIn.passphrases) expect(gateway.log.join("\n")).not.toContain(passphrase);
  expect(gateway.log.join("\n")).not.toContain("PRIVATE KEY");
});
