import { type IResolvable, TerraformDataSource } from "cdktf";
import type { Construct } from "constructs";
import { hclAttributes } from "./hcl-attributes";
import { elementConfig, type MetaArguments } from "./meta-arguments";

export interface DataXmppedgePreflightConfig extends MetaArguments {
  /** The Access Edge FQDN that addresses are about to be published for. */
  readonly fqdn: string;
  /** The local domains, whose SIP records are looked at. */
  readonly domains: readonly string[];
  /**
   * The addresses that will be published; others at the name are somebody else's.
   * @default none are known: any address at the name is somebody else's
   */
  readonly addresses?: readonly string[];
  /**
   * Whether a SIP edge at this name may be taken off the air.
   * @default false
   */
  readonly takesOver?: boolean | IResolvable;
  /**
   * Whether to go on where nobody answered.
   * @default false
   */
  readonly allowUnknown?: boolean | IResolvable;
  /**
   * Name servers to ask, `[ZONE=]ADDRESS[:PORT]`.
   * @default those that the resolvers say the zones are delegated to
   */
  readonly nameServers?: readonly string[];
  /**
   * Resolvers that find the name servers, `ADDRESS[:PORT]`.
   * @default three public ones
   */
  readonly resolvers?: readonly string[];
  /**
   * Seconds for the whole.
   * @default 20
   */
  readonly timeout?: number;
}

/**
 * Looks whether a running SIP edge serves the Access Edge FQDN, and stops the plan or apply where it does: what
 * publishes addresses has to depend on it.
 */
export class DataXmppedgePreflight extends TerraformDataSource {
  static readonly tfResourceType = "xmppedge_preflight";

  constructor(
    scope: Construct,
    id: string,
    private readonly config: DataXmppedgePreflightConfig,
  ) {
    super(scope, id, elementConfig(DataXmppedgePreflight.tfResourceType, config));
  }

  /** `pass`, or `unknown` where that is allowed. */
  get verdict(): string {
    return this.getStringAttribute("verdict");
  }

  /** What was found, as `dns verify --json` has it. */
  get findings(): IResolvable {
    return this.interpolationForAttribute("findings");
  }

  protected override synthesizeAttributes(): { [name: string]: unknown } {
    const { fqdn, domains, addresses, takesOver, allowUnknown, nameServers, resolvers, timeout } = this.config;
    return {
      fqdn,
      domains,
      addresses,
      takes_over: takesOver,
      allow_unknown: allowUnknown,
      name_servers: nameServers,
      resolvers,
      timeout,
    };
  }

  protected override synthesizeHclAttributes(): { [name: string]: unknown } {
    return hclAttributes(this.synthesizeAttributes(), {
      domains: "stringList",
      addresses: "stringList",
      takes_over: "boolean",
      allow_unknown: "boolean",
      name_servers: "stringList",
      resolvers: "stringList",
      timeout: "number",
    });
  }
}
