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
    return { definition, resolvers, name_servers: nameServers, timeout };
  }

  protected override synthesizeHclAttributes(): { [name: string]: unknown } {
    return hclAttributes(this.synthesizeAttributes(), {
      resolvers: "stringList",
      name_servers: "stringList",
      timeout: "number",
    });
  }
}
