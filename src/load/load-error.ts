/** Why a file gave no value at all. What is wrong with a value that was read is a finding, not an error. */
export type LoadErrorCode =
  | "unreadable"
  | "format-unknown"
  | "too-large"
  | "not-utf8"
  | "too-deep"
  | "unparsable"
  | "file-threw"
  | "module-not-found"
  | "default-export-wrong";

/** A definition that cannot be read or parsed. */
export class LoadError extends Error {
  readonly line: number | undefined;
  readonly column: number | undefined;

  constructor(
    readonly code: LoadErrorCode,
    /** The file the error is in: the definition, or one that it imports. */
    readonly file: string,
    message: string,
    readonly remedy: string,
    position?: { readonly line: number; readonly column?: number | undefined },
  ) {
    super(message);
    this.name = "LoadError";
    this.line = position?.line;
    this.column = position?.column;
  }
}
