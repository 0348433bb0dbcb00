import type { Position } from "./position";

export type Path = readonly (string | number)[];

/** A definition as plain data, with the way back from a path to the text. */
export interface PlainDocument {
  readonly value: unknown;
  /** Keys that stand twice in one object; the later one is in `value`. */
  readonly duplicates: readonly { readonly path: Path; readonly position: Position }[];
  /**
   * Where a path stands in the text: its key or its value. For what is missing the nearest part around it;
   * undefined where there is no text to point into.
   */
  locate(path: Path, part: "key" | "value"): Position | undefined;
}

/** Definitions are some six levels deep. What is much deeper is no definition, and would exhaust the stack. */
export const MAXIMUM_DEPTH = 64;
