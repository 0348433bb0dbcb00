export { type Answer, type AnswerRecord, readAnswer } from "./answer";
export { type Detour, type Exchanged, type ExchangeOptions, exchange, type Interruption } from "./exchange";
export { type FollowedAnswer, followAliases } from "./follow-aliases";
export { InFlight } from "./in-flight";
export { comparable, type ExtendedError, type Message, type Question, type WireQuestion } from "./message";
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
export { UdpSockets } from "./udp-sockets";
