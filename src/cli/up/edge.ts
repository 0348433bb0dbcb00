import type { Definition, Facts, PartnerExplanation, Places } from "../../definition";
import { CommandError, UsageError } from "../context";
import type { EdgeProcess } from "./edge-process";
import type { SandboxClient } from "./sandbox-client";

/** One of the two edges of an `up`. */
export interface Edge {
  readonly definition: Definition;
  /** The definition's facts on loopback. */
  readonly facts: Facts;
  readonly places: Places;
  /** The local domain that federates with the other edge, and its user. */
  readonly domain: string;
  readonly user: string;
  /** What the definition says of the other edge's domain. */
  readonly partner: PartnerExplanation;
}

/** An edge whose gateway runs. */
export interface RunningEdge extends Edge {
  readonly process: EdgeProcess;
  readonly client: SandboxClient;
}

/** The first sandbox user of a definition: who takes part in the exchange. */
export function sandboxUser(definition: Definition, file: string): { readonly user: string; readonly domain: string } {
  const user = definition.internal?.kind === "sandbox" ? definition.internal.users[0] : undefined;
  if (user === undefined)
    throw new UsageError(
      `${file} has no sandbox user`,
      'up sends messages: add internal: { kind: "sandbox", users: ["somebody@…"] }',
    );
  return { user, domain: user.slice(user.indexOf("@") + 1) };
}

/** An exchange that did not go as the definitions say. */
export class ExchangeError extends CommandError {
  constructor(message: string, remedy: string) {
    super(message, 1, remedy);
    this.name = "ExchangeError";
  }
}
