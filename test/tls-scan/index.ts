/** What scanners of TLS say of a running gateway (`npm run tls-scan`, about a minute). */
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Federation, ourDomain } from "../peers/rig/federation";
import { peerRoot } from "../peers/rig/peer-root";
import { makeWorkFolder } from "../peers/rig/work-folder";
import { EXPLAINED } from "./explained";
import { sslscan, testssl } from "./scanners";

async function main(): Promise<void> {
  const root = peerRoot("tls");
  const work = await makeWorkFolder();
  const partner = { domain: "partner.example", partnerType: "Federated" as const };
  const federation = await Federation.open({ partners: [partner], directTls: true }, []);
  try {
    const { listening } = await federation.gateway.status();
    const [starttls, direct] = listening.map((place) => {
      const [address = "", port = ""] = place.split(":");
      return { domain: ourDomain, address, port: Number(port) };
    });
    await writeFile(join(work, "hosts"), `127.0.0.1 localhost\n${starttls!.address} ${ourDomain}\n`);
    const findings = [...(await sslscan(root, work, starttls!)), ...(await testssl(root, work, direct!))];
    const open = findings.filter(({ id }) => EXPLAINED[id] === undefined);
    for (const { scanner, id, text } of findings)
      process.stdout.write(`${scanner}: ${id}: ${text}: ${EXPLAINED[id] ?? "NOT EXPLAINED"}\n`);
    process.stdout.write(`${findings.length} findings, ${open.length} not explained\n`);
    if (federation.gateway.process.end !== undefined)
      throw new Error(`the gateway ended: ${federation.gateway.process.end}`);
    process.exitCode = open.length === 0 ? 0 : 1;
  } finally {
    await federation.close();
    await rm(work, { recursive: true, force: true });
  }
}

void main();
