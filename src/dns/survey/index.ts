export { heard, heardInSurvey } from "./heard";
export { parseRootHints, ROOT_HINTS } from "./root-hints";
export { type Answered, type Asked, messageOf, messagesOf, type Observation, type Said } from "./said";
export { type Survey, type SurveyOptions, survey } from "./survey";
export { type AskedOfZone, type NamePlace, type PartnerAsked, questionKey } from "./surveyor";
export type { Cut, Glue, ParentWord } from "./zone-cut";
export type { Place, Zone, ZoneServer } from "./zone-finder";
