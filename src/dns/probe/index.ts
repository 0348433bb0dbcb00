export { type ConnectTo, parseConnectTo } from "./connect-to";
export { type ProbeOptions, type ProbeTarget, probe } from "./probe";
export { PROBE_STAGES, type ProbedTls, type ProbeProblem, type ProbeResult, type ProbeStage } from "./probe-result";
export { PARTNERS_LOOKED_AT, type PartnersLookedAt, type ProbingOptions } from "./probing-options";
