import { catalogueEntry, type VerifyFinding } from "../../../src/dns";
import type { LabOutcome } from "./outcome";
import { type LabCase, labelOf, type Role } from "./world";

/** What a busy machine makes of any server; told by a median of times, it says something in its own case alone. */
const BY_LOAD = "ns-slow";

/** What was found in a case's site, but for what is known to stand beside. */
export function foundIn(of: LabCase, role: Role, outcome: LabOutcome): readonly VerifyFinding[] {
  const { also = [] } = of[role];
  const beside = role === "fault" ? (of.beside ?? []) : [];
  return allIn(of, role, outcome).filter(
    ({ id, verdict }) =>
      !(verdict === "info" && (also.includes(id) || (id === BY_LOAD && of.id !== BY_LOAD))) && !beside.includes(id),
  );
}

/** Which of the findings that belong beside the fault's are there. */
export function foundBeside(of: LabCase, outcome: LabOutcome): readonly string[] {
  const { beside = [] } = of;
  return allIn(of, "fault", outcome).flatMap(({ id }) => (beside.includes(id) ? [id] : []));
}

function allIn(of: LabCase, role: Role, outcome: LabOutcome): readonly VerifyFinding[] {
  const label = labelOf(of, role);
  const findings = outcome.sites.find((site) => site.label === label)?.findings;
  if (findings === undefined) throw new Error(`the lab has no site ${label}`);
  return findings;
}

/** What the case's fault has to give. */
export const expectedVerdict = ({ id, verdict }: LabCase) => verdict ?? catalogueEntry(id)?.severity;

/** Whether the fault gave its one finding, and its look-alike none. */
export function isProved(of: LabCase, outcome: LabOutcome): boolean {
  const [finding, ...others] = foundIn(of, "fault", outcome);
  const named = finding?.id === of.id && finding.verdict === expectedVerdict(of) && others.length === 0;
  const isWhole = foundBeside(of, outcome).length === (of.beside ?? []).length;
  return named && isWhole && foundIn(of, "sound", outcome).length === 0;
}
