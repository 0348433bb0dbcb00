export { askingAs } from "./asking-as";
export { type ConnectTo, parseConnectTo } from "./connect-to";
export { type EdgePlace, edgePlaces } from "./edge-places";
export { type EdgeProbe, type EdgeProbing, probeEdge } from "./edge-servers";
export { liveServers } from "./live-servers";
export { type PartnerDomain, partnerDomains, partnersLeftOut } from "./partners/look-at-partners";
export { type ProbeOptions, type ProbeTarget, probe } from "./probe";
export {
  PROBE_STAGES,
  type ProbeAwaited,
  type ProbedTls,
  type ProbeProblem,
  type ProbeResult,
  type ProbeStage,
} from "./probe-result";
export { PARTNERS_LOOKED_AT, type PartnersLookedAt, type ProbingOptions } from "./probing-options";
