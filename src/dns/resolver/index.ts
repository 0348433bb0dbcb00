export type {
  AddressAnswer,
  Lookup,
  LookupFailure,
  LookupOptions,
  NameResolver,
  SrvAnswer,
} from "./name-resolver";
export { formatServerAddress, parseServerAddress, type ServerAddress } from "./server-address";
export { declaresNoService, MAX_TARGETS, orderTargets } from "./srv-order";
export { type StubResolverOptions, stubResolver } from "./stub-resolver";
export { systemServers } from "./system-servers";
