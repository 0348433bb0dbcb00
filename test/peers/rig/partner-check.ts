import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CertificateReport } from "../../../src/certificate/check/report";
import { runCli } from "../../cli/run-cli";
import type { Federation } from "./federation";

/**
 * What `certificate check --partners` finds of the partners of a federation, as `verdict id` by domain.
 * @param more flags besides
 */
export async function findingsOfPartners(
  { definition, resolver, rig }: Pick<Federation, "definition" | "resolver" | "rig">,
  more: readonly string[] = [],
): Promise<Record<string, string[]>> {
  const folder = mkdtempSync(join(tmpdir(), "xmpp-edge-partners-"));
  try {
    const file = (name: string, text: string) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const { stdout, stderr } = await runCli([
      ...["certificate", "check", file("edge.json", JSON.stringify(definition)), "--partners", "--json"],
      ...["--trust-anchors", file("anchors.pem", rig.authority.caPem), "--allow-private-targets", "127.0.0.0/8"],
      ...["--resolver", `${resolver.address}:${resolver.port}`, "--no-revocation", ...more],
    ]);
    if (stdout === "") throw new Error(stderr);
    const { subjects } = JSON.parse(stdout) as CertificateReport;
    return Object.fromEntries(
      subjects.map(({ subject, findings }) => [
        subject.split(" ")[0]!,
        findings.filter(({ verdict }) => verdict !== "info").map(({ id, verdict }) => `${verdict} ${id}`),
      ]),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
