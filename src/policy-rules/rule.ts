import type { Plan } from "./plan";

/** One thing that a rule found. */
export interface Violation {
  /** Address of the resource, `aws_eip.edge`, or `output.NAME`. */
  readonly address: string;
  readonly found: string;
  readonly expected: string;
  /** Set where it cannot be judged yet, because a value is known only after the deploy. It is no violation then. */
  readonly unjudged?: true;
}

/** A rule over plans. */
export interface PlanRule {
  /** Small letters, digits and hyphens; what waivers name. It never comes to mean another rule. */
  readonly id: string;
  /** An error stops, a warning is shown. */
  readonly severity: "error" | "warning";
  /** What holds where the rule is kept, in one line. */
  readonly title: string;
  /** What to do where it is not. */
  readonly remedy: string;
  /** Everything in a plan that breaks the rule; a pure function of the plan. */
  check(plan: Plan): readonly Violation[];
}
