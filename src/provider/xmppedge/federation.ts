import { type DataSource, ProviderError } from "../protocol/provider";
import { findingsOf, refuseInvalid, requiredText } from "./configured";
import { dnsArguments, dnsAttributes, dnsRules } from "./dns-arguments";
import { findingsAttribute, findingsValue } from "./findings";
import { reachArguments, reachAttributes, reachRules } from "./reach-arguments";

const rules = { ...dnsRules, ...reachRules };

/** The verifier's verdict on a definition's records, for the assertion of a `check` block. */
export const federationSource: DataSource<unknown> = {
  schema: {
    description:
      "Whether the federation's DNS records are what the definition says, as DNS servers answer now. A bad verdict is never an error: the `assert` of a `check` block judges it.",
    attributes: {
      definition: {
        type: "string",
        required: true,
        description: "The definition: the path of its file (JSON or YAML), or itself as JSON.",
      },
      ...dnsAttributes(
        "Resolvers to ask, `ADDRESS[:PORT]`. Default: three public ones, unless name servers are given.",
        "Name servers to ask, `[ZONE=]ADDRESS[:PORT]`. Default: none.",
      ),
      ...reachAttributes,
      verdict: {
        type: "string",
        computed: true,
        description: "`pass`, `warn`, `fail`, or `unknown` where it could not be found out.",
      },
      summary: { type: "string", computed: true, description: "The verdict and the counts behind it, in one line." },
      findings: findingsAttribute,
    },
    blocks: {},
  },
  validate: (config) => findingsOf(config, rules),
  async read(config, _, call) {
    refuseInvalid(config, rules);
    const definition = requiredText(config, "definition");
    const { verifyFederation } = require("./on-demand") as typeof import("./on-demand");
    const outcome = await verifyFederation()(
      definition,
      { ...dnsArguments(config), ...reachArguments(config) },
      call.signal,
    );
    call.signal.throwIfAborted();
    if ("refused" in outcome) throw new ProviderError(outcome.refused, outcome.detail, ["definition"]);
    const { verdict, summary, findings } = outcome;
    return { verdict, summary, findings: findingsValue(findings) };
  },
};
