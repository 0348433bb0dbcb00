import { catalogueEntry, type VerifyFinding } from "../../../src/dns";
import type { LabOutcome } from "./outcome";
import { type LabCase, labelOf, type Role } from "./world";

/** What was found in a case's site, but for the information that the site is known to give besides. */
export function foundIn(of: LabCase, role: Role, outcome: LabOutcome): readonly VerifyFinding[] {
  const label = labelOf(of, role);
  const findings = outcome.sites.find((site) => site.label === label)?.findings;
  if (findings === undefined) throw new Error(`the lab has no site ${label}`);
  const { also = [] } = of[role];
  return findings.filter(({ id, verdict }) => !(verdict === "info" && also.includes(id)));
}

/** What the case's fault has to give. */
export const expectedVerdict = ({ id, verdict }: LabCase) => verdict ?? catalogueEntry(id)?.severity;

/** Whether the fault gave its one finding, and its look-alike none. */
export function isProved(of: LabCase, outcome: LabOutcome): boolean {
  const [finding, ...others] = foundIn(of, "fault", outcome);
  const named = finding?.id === of.id && finding.verdict === expectedVerdict(of) && others.length === 0;
  return named && foundIn(of, "sound", outcome).length === 0;
}
