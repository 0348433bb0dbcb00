export { heard } from "./heard";
export type { ParentWord } from "./parent-word";
export { parseRootHints, ROOT_HINTS } from "./root-hints";
export {
  type Answered,
  type Asked,
  type AskedOfZone,
  messageOf,
  messagesOf,
  type Observation,
  questionKey,
  type Said,
} from "./said";
export { type Survey, type SurveyOptions, survey } from "./survey";
export type { NamePlace, PartnerAsked } from "./surveyor";
export type { Place, WithoutAddress, Zone, ZoneServer } from "./zone";
export type { Cut, Glue } from "./zone-cut";
