/** `xmpp-edge/dns`: look whether the records of a definition are what DNS servers answer, and serve them. */

export { authoritativeServers, type DelegationOptions } from "./authoritative";
export { type PublishedSet, publishedRecords, type RecordSet } from "./diff/published-records";
export { declaredSets, type RecordDiff, recordDiff, recordDiffText } from "./diff/record-diff";
export { CATALOGUE, type CatalogueEntry, catalogueEntry, catalogueText, explanationText } from "./explain";
export { type ChangePlan, changePlanText, type PlanOptions, type PlanStep, planRecords } from "./plan";
export { type PreflightOptions, type PreflightReport, preflight } from "./preflight";
export { type ConnectTo, type PartnersLookedAt, type ProbingOptions, parseConnectTo } from "./probe";
export {
  type Publication,
  type PublicationOptions,
  publication,
  publicationText,
  publishRecords,
} from "./publish";
export { definitionPlace, placeOf } from "./report/definition-place";
export { FORMATS, formatReport, type ReportFormat } from "./report/formats";
export { type GatePolicy, gated, gateExitCode } from "./report/gate";
export { verifyMarkdown } from "./report/github";
export { withFindings } from "./report/judged";
export { NAGIOS_EXIT_CODES } from "./report/nagios";
export type { DefinitionPlace, Verdict, VerifyFinding, VerifyReport } from "./report/report";
export { verifyReportJsonSchema, verifyReportSchema } from "./report/schema";
export { type Selection, selected } from "./report/selection";
export { type TextOptions, verifyText } from "./report/text";
export { underWaivers, type Waiver } from "./report/waivers";
export { parseServerAddress, type ServerAddress } from "./resolver";
export { ListenError, type RecordServer, type RecordServerOptions, serveRecords } from "./server";
export { parseRootHints } from "./survey";
export { DnssecAnchorError, readAnchors } from "./trust";
export { type NameServer, PUBLIC_RESOLVERS, parseNameServer, vantagesToAsk } from "./vantage";
export { type VerifyOptions, verifyDns } from "./verify";
export { type Awaited, stepAfter, type WaitOptions, type WaitStage, waitUntilPublished } from "./wait";
export { type Transition, transitionsBetween, type WatchOptions, watchRecords } from "./watch";
