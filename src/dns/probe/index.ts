export { type ProbeOptions, type ProbeTarget, probe } from "./probe";
export { PROBE_STAGES, type ProbedTls, type ProbeProblem, type ProbeResult, type ProbeStage } from "./probe-result";
