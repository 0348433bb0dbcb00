export type { PlanStep } from "./change-plan";
export { type ChangePlan, type PlanOptions, planRecords } from "./plan-records";
export { changePlanText } from "./plan-text";
