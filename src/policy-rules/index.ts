/** `xmpp-edge/policy`: rules over Terraform's plans, ours and yours. */
export { type Judgement, judge, type PlanFinding, type Waiver } from "./judge";
export { type BackendKind, type Plan, PlanError, type PlannedResource, type PlanValue, readPlan } from "./plan";
export type { PlanRule, Violation } from "./rule";
export { RULES } from "./rules";
