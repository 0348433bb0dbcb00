/** `xmpp-edge`: the definition, its checks, and the facts that everything else is built from. */

export { agreedMethod, explainPartner, type PartnerExplanation } from "./explain";
export * from "./facts";
export { type Finding, formatPath } from "./finding";
export { definitionJsonSchema, type JsonSchema } from "./json-schema";
export {
  bestCommonMethod,
  METHOD_NAMES,
  type Method,
  methodsOf,
  type Negotiation,
  type NegotiationRow,
  type NegotiationSettings,
  negotiationRow,
  negotiationTable,
  rowOf,
  type StartTlsOffer,
  startTlsOffer,
} from "./negotiation";
export { asWritten, DefinitionError, defineEdge, type ParsedDefinition, parseDefinition } from "./parse";
export type { AccessPolicy, Definition, EdgeInput, GatewaySettings, Partner } from "./schema";
