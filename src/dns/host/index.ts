export {
  type DnsHost,
  DnsHostError,
  type DnsHostErrorCode,
  type HostRecord,
  recordLine,
  recordText,
} from "./dns-host";
export { type HookOptions, hookHost } from "./hook-host";
export { manualHost } from "./manual-host";
export { type Rfc2136Options, rfc2136Host } from "./rfc2136-host";
export { type Route53Options, route53Host } from "./route53-host";
export { parseTsigKey, type TsigAlgorithm, type TsigKey } from "./tsig-key";
export { zoneFileHost } from "./zone-file-host";
