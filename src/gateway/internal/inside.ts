import type { GatewayDocument } from "../../definition/facts/gateway-document";
import type { StateStore } from "../store/sandbox-store";
import { type InnerCarrier, type InnerCarrierOptions, innerCarrier } from "./inner-carrier";
import type { FederationSide, InternalSide } from "./internal-side";
import { nobody } from "./nobody";
import { createSandbox, type Sandbox } from "./sandbox";
import { ServerInside } from "./server-inside";

/** Who answers inside, as the definition has it. */
export interface Inside {
  readonly side: InternalSide;
  /** With `kind: sandbox`. */
  readonly sandbox?: Sandbox;
  /** With `kind: xmpp`: the streams with our own server. */
  readonly carrier?: InnerCarrier;
  /** Goes by another document from now on; another kind waits for a new start. */
  serve(document: GatewayDocument): void;
  /** Takes up what an earlier process left, once the streams can be opened. */
  recover(): void;
}

export type InsideOptions = Omit<InnerCarrierOptions, "onStanza" | "store"> & { readonly store: StateStore };

/** Opens the inner side of a document. */
export function openInside(options: InsideOptions, federation: FederationSide): Inside {
  const { document, store, log, surroundings } = options;
  const { now, randomId } = surroundings;
  const { internal, localDomains } = document;
  if (internal?.kind === "sandbox") {
    const sandbox = createSandbox({ users: internal.users, localDomains, store, now, log })(federation);
    return {
      side: sandbox,
      sandbox,
      serve: (next) => sandbox.serve(next.internal?.users ?? [], next.internal === undefined ? [] : next.localDomains),
      recover: () => undefined,
    };
  }
  if (internal?.kind !== "xmpp") return { side: nobody, serve: () => undefined, recover: () => undefined };
  let carrier: InnerCarrier | undefined;
  const server = new ServerInside(
    {
      document,
      store,
      now,
      randomId,
      log,
      carrier: (onStanza) => {
        carrier = innerCarrier({ ...options, onStanza });
        return carrier;
      },
    },
    federation,
  );
  return {
    side: server,
    ...(carrier === undefined ? {} : { carrier }),
    serve: (next) => server.serve(next),
    recover: () => server.recover(),
  };
}
