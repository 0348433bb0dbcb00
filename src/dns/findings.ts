import type { Stages } from "./checks";
import type { Check } from "./checks/check";
import type { Found } from "./checks/family";
import { catalogueEntry } from "./explain/catalogue";
import type { Observation, Observed } from "./observe";
import type { VerifyFinding } from "./report/report";
import type { Question } from "./resolver";
import { NOBODY_TO_ASK, unanswered } from "./unanswered";
import { formatVantage, type Vantage } from "./vantage";

/** Collects what was found, one finding a cause: the same from several servers becomes one that names them all. */
export class Findings {
  readonly #kept = new Map<string, Kept>();
  #checks = 0;

  /** How many checks were done. */
  get checks(): number {
    return this.#checks;
  }

  /** One finding a cause: without those that another about the same name explains. */
  all(): VerifyFinding[] {
    const kept = [...this.#kept.values()];
    const key = (domain: string | null, id: string) => JSON.stringify([domain, id]);
    const hiding = new Map<string, (readonly string[] | undefined)[]>();
    for (const { finding, touches, onlyAt } of kept) {
      const { id, verdict, domain } = finding;
      const entry = catalogueEntry(id);
      if (entry === undefined || (verdict === "info" && entry.severity !== "info")) continue;
      for (const name of [domain, ...touches])
        for (const hides of entry.hides) {
          const at = key(name, hides);
          hiding.set(at, [...(hiding.get(at) ?? []), onlyAt]);
        }
    }
    const isHidden = ({ domain, id, server }: VerifyFinding) =>
      hiding
        .get(key(domain, id))
        ?.some((onlyAt) => onlyAt === undefined || server.split(", ").every((one) => onlyAt.includes(one))) === true;
    return kept
      .filter(({ finding }) => !isHidden(finding))
      .map(({ finding, touches }) => (touches.size === 0 ? finding : { ...finding, touches: [...touches] }));
  }

  /** Takes what a family of checks found. */
  take({ id, verdict, domain, touches = [], onlyAt, retryAfter, ...rest }: Found): void {
    const entry = catalogueEntry(id);
    if (entry === undefined) throw new RangeError(`no check is called ${id}`);
    const { severity, source } = entry;
    const about = { id, verdict: verdict ?? severity, severity, domain, source };
    this.#add({ ...about, ...rest, retryAfter: retryAfter ?? null }, touches, onlyAt);
  }

  /** Runs the checks on what was answered. A stage that finds something ends it; says whether one did. */
  judge<View>(stages: Stages<View>, view: View, about: { domain: string; subject: string } & Heard): boolean {
    return stages.some((stage) => stage.filter((check) => this.#check(check, view, about)).length > 0);
  }

  /**
   * Records who gave no answer to a question. Where others did, that is a fault of the server, told once for all
   * questions; where nobody did, nothing is known of the domain.
   */
  unanswered(domain: string, { question, observations }: Observed): void {
    const subject = subjectOf(question);
    if (observations.length === 0) {
      const { id, severity, source, remedy } = NOBODY_TO_ASK;
      const found = "no server was named that could be asked";
      const rest = { server: "", found, expected: "an answer", source, remedy, retryAfter: null };
      this.#add({ id, verdict: "unknown", severity, domain, subject, ...rest });
    }
    const silent = observations.filter(({ answer }) => answer.status === "failed");
    const nothingKnown = silent.length === observations.length;
    for (const observation of silent) this.#addSilent(observation, nothingKnown ? { domain, subject } : undefined);
  }

  #addSilent({ vantage, answer }: Observation, about: { domain: string; subject: string } | undefined): void {
    if (answer.status !== "failed") return;
    const aliases = answer.aliases ?? [];
    const { id, severity, source, remedy } = unanswered(vantage.kind, answer.code, aliases.length > 0);
    this.#add({
      id,
      verdict: about === undefined ? severity : "unknown",
      severity,
      domain: about?.domain ?? null,
      subject: about?.subject ?? "",
      server: formatVantage(vantage),
      found: aliases.length > 0 ? `an alias of ${aliases.join(", ")}; then: ${answer.reason}` : answer.reason,
      expected: "an answer",
      source,
      remedy,
      retryAfter: null,
    });
  }

  #check<View>(check: Check<View>, view: View, about: { domain: string; subject: string } & Heard): boolean {
    this.#checks++;
    const fault = check.check(view);
    if (fault === undefined) return false;
    const { domain, subject, vantages, ttl } = about;
    this.#add({
      id: check.id,
      verdict: check.severity,
      severity: check.severity,
      domain,
      subject,
      server: [...new Set(vantages.map(formatVantage))].join(", "),
      ...fault,
      source: check.source,
      remedy: check.remedy(view),
      // A name server says what is there now; a resolver what it remembers.
      retryAfter: vantages.some(({ kind }) => kind === "resolver") ? (ttl ?? null) : null,
    });
    return true;
  }

  #add(finding: VerifyFinding, touches: readonly string[] = [], onlyAt?: readonly string[]): void {
    const { id, verdict, domain, subject, found, expected, server } = finding;
    const key = JSON.stringify(domain === null ? [id, server] : [id, verdict, domain, subject, found, expected]);
    const same = this.#kept.get(key);
    if (same === undefined) {
      this.#kept.set(key, { finding, touches: new Set(touches), onlyAt });
      return;
    }
    for (const name of touches) same.touches.add(name);
    const servers = new Set([...same.finding.server.split(", "), finding.server]);
    const waits = [same.finding.retryAfter, finding.retryAfter].filter((seconds) => seconds !== null);
    const retryAfter = waits.length > 0 ? Math.max(...waits) : null;
    same.finding = { ...same.finding, server: [...servers].join(", "), retryAfter };
  }
}

interface Kept {
  finding: VerifyFinding;
  /** Names that suffer from it besides its own. */
  readonly touches: Set<string>;
  /** What it hides is hidden only where none but these servers said so; undefined: whoever did. */
  readonly onlyAt: readonly string[] | undefined;
}

interface Heard {
  /** Who answered so. */
  readonly vantages: readonly Vantage[];
  /** Seconds the answer may be remembered. */
  readonly ttl: number | undefined;
}

export const subjectOf = ({ name, type }: Question) => `${name} ${type}`;
