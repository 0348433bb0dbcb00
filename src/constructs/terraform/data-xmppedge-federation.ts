import { type IResolvable, TerraformDataSource } from "cdktf";
import type { Construct } from "constructs";
import { hclAttributes } from "./hcl-attributes";
import { elementConfig, type MetaArguments } from "./meta-arguments";

export interface DataXmppedgeFederationConfig extends MetaArguments {
  /** The definition: path of its file (JSON or YAML), or itself as JSON. */
  readonly definition: string;
  /**
   * Resolvers to ask, `ADDRESS[:PORT]`.
   * @default three public ones, unless name servers are given
   */
  readonly resolvers?: readonly string[];
  /**
   * Name servers to ask, `[ZONE=]ADDRESS[:PORT]`.
   * @default none
   */
  readonly nameServers?: readonly string[];
  /**
   * Seconds for the whole.
   * @default 20
   */
  readonly timeout?: number;
  /**
   * Follow no delegation, where the network lets nobody ask name servers. Less can be said then.
   * @default false
   */
  readonly viaResolversOnly?: boolean;
  /**
   * The text of a root hints file, whose servers the walk begins at.
   * @default the public root's
   */
  readonly rootHints?: string;
  /**
   * DS or DNSKEY records, as zone file lines, that are trusted without proof.
   * @default the root's keys
   */
  readonly dnssecAnchor?: string;
  /**
   * The port at which the name servers of the delegation are asked.
   * @default 53
   */
  readonly dnsPort?: number;
  /**
   * Addresses that are not public are meant: a lab, a closed network.
   * @default false
   */
  readonly allowPrivate?: boolean;
}

/**
 * Whether the federation's records are what the definition says, as DNS servers answer now. A bad verdict is never an
 * error: a `check` block's `assert` judges it.
 */
export class DataXmppedgeFederation extends TerraformDataSource {
  static readonly tfResourceType = "xmppedge_federation";

  constructor(
    scope: Construct,
    id: string,
    private readonly config: DataXmppedgeFederationConfig,
  ) {
    super(scope, id, elementConfig(DataXmppedgeFederation.tfResourceType, config));
  }

  /** `pass`, `warn`, `fail` or `unknown`. */
  get verdict(): string {
    return this.getStringAttribute("verdict");
  }

  /** One line for people. */
  get summary(): string {
    return this.getStringAttribute("summary");
  }

  /** What was found, as `dns verify --json` has it. */
  get findings(): IResolvable {
    return this.interpolationForAttribute("findings");
  }

  protected override synthesizeAttributes(): { [name: string]: unknown } {
    const { definition, resolvers, nameServers, timeout } = this.config;
    const { viaResolversOnly, rootHints, dnssecAnchor, dnsPort, allowPrivate } = this.config;
    return {
      definition,
      resolvers,
      name_servers: nameServers,
      timeout,
      via_resolvers_only: viaResolversOnly,
      root_hints: rootHints,
      dnssec_anchor: dnssecAnchor,
      dns_port: dnsPort,
      allow_private: allowPrivate,
    };
  }

  protected override synthesizeHclAttributes(): { [name: string]: unknown } {
    return hclAttributes(this.synthesizeAttributes(), {
      resolvers: "stringList",
      name_servers: "stringList",
      timeout: "number",
      via_resolvers_only: "boolean",
      dns_port: "number",
      allow_private: "boolean",
    });
  }
}
