/** A prop that cannot be honoured. Says the construct and the prop, what was found, and what to do. */
export class ConstructError extends Error {
  readonly code = "construct-prop-refused";

  constructor(
    readonly construct: string,
    readonly prop: string,
    found: string,
    remedy: string,
  ) {
    super(`${construct}: ${prop} ${found}; ${remedy}`);
    this.name = "ConstructError";
  }
}
