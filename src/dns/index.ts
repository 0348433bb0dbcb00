/** `xmpp-edge/dns`: look whether the records of a definition are what DNS servers answer, and serve them. */
export { type PreflightOptions, type PreflightReport, preflight } from "./preflight";
export type { Verdict, VerifyFinding, VerifyReport } from "./report/report";
export { type TextOptions, verifyText } from "./report/text";
export { parseServerAddress, type ServerAddress } from "./resolver";
export { ListenError, type RecordServer, type RecordServerOptions, serveRecords } from "./server";
export { type NameServer, PUBLIC_RESOLVERS, parseNameServer } from "./vantage";
export { type VerifyOptions, verifyDns } from "./verify";
