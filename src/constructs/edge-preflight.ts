import { Construct } from "constructs";
import type { Definition } from "../definition";
import type { PublicAddresses } from "./edge-addresses";
import { ownProvider } from "./own-provider";
import { DataXmppedgePreflight } from "./terraform";

/** Whom to ask of the DNS, where it is not everybody's. */
export interface DnsQuestions {
  /**
   * Name servers, `[ZONE=]ADDRESS[:PORT]`.
   * @default those that the zones are delegated to
   */
  readonly nameServers?: readonly string[];
  /**
   * Resolvers, `ADDRESS[:PORT]`.
   * @default public ones
   */
  readonly resolvers?: readonly string[];
  /**
   * Seconds for the whole.
   * @default 20
   */
  readonly timeout?: number;
}

export interface EdgePreflightProps extends DnsQuestions {
  readonly definition: Definition;
  /** The addresses that will be published. */
  readonly addresses: PublicAddresses;
  /**
   * Whether to go on where no name server answers.
   * @default false: who cannot tell whether a company's SIP edge stands there does not publish over it
   */
  readonly allowUnknown?: boolean;
}

/**
 * Looks, before addresses are published for the Access Edge FQDN, whether a running SIP edge is served under it, and
 * stops the deploy where it is, unless the definition says `takesOver`. What publishes depends on it.
 */
export class EdgePreflight extends Construct {
  readonly preflight: DataXmppedgePreflight;

  constructor(scope: Construct, id: string, props: EdgePreflightProps) {
    super(scope, id);
    const { definition, addresses, allowUnknown } = props;
    ownProvider(this);
    this.preflight = new DataXmppedgePreflight(this, "preflight", {
      fqdn: definition.accessEdge.fqdn,
      domains: definition.domains.map(({ name }) => name),
      addresses: [addresses.ipv4, addresses.ipv6].filter((address) => address !== undefined),
      takesOver: definition.accessEdge.takesOver,
      ...(allowUnknown !== undefined && { allowUnknown }),
      ...questions(props),
    });
    this.node.defaultChild = this.preflight;
  }
}

/** The given ones alone. */
export const questions = ({ nameServers, resolvers, timeout }: DnsQuestions): DnsQuestions => ({
  ...(nameServers !== undefined && { nameServers }),
  ...(resolvers !== undefined && { resolvers }),
  ...(timeout !== undefined && { timeout }),
});
