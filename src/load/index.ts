export { type LoadedDefinition, loadDefinition } from "./load-definition";
export { LoadError, type LoadErrorCode } from "./load-error";
export type { Position } from "./position";
