import type { FederationSide, SendOutcome } from "../../../src/gateway/internal/internal-side";

export type Call = readonly [name: keyof FederationSide, ...given: unknown[]];

/** The federation side as seen from the sandbox: notes what it is asked and answers as told. */
export interface RecordedFederation extends FederationSide {
  readonly calls: Call[];
  outcome: SendOutcome;
}

export function recordedFederation(): RecordedFederation {
  const calls: Call[] = [];
  const note =
    (name: keyof FederationSide) =>
    (...given: unknown[]) => {
      calls.push([name, ...given]);
      return federation.outcome;
    };
  const federation: RecordedFederation = {
    calls,
    outcome: { ok: true, id: "m1" },
    send: note("send"),
    addContact: note("addContact"),
    removeContact: note("removeContact"),
    announce: note("announce"),
    typing: note("typing"),
    relay: (stanza) => {
      calls.push(["relay", stanza]);
      return federation.outcome.ok ? undefined : federation.outcome;
    },
    giveBack: note("giveBack"),
  };
  return federation;
}
