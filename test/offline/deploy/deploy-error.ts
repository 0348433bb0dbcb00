/** A step of the offline deploy that did not show what it has to show. */
export class DeployError extends Error {
  readonly code = "deploy-failed";

  constructor(
    readonly step: string,
    readonly found: string,
  ) {
    super(`${step}: ${found}`);
    this.name = "DeployError";
  }
}

/** Ends the run where something is not as it has to be. */
export function must(holds: boolean, step: string, found: string): void {
  if (!holds) throw new DeployError(step, found);
}
