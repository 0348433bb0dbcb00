import { extname } from "node:path";
import type { Definition } from "../../definition";
import { type DataSource, ProviderError } from "../protocol/provider";
import { findingsOf, refuseInvalid, requiredText } from "./configured";
import { dnsArguments, dnsAttributes, dnsRules } from "./dns-arguments";
import { findingsAttribute, findingsValue } from "./findings";

const PATH = ["definition"];
const READ_HERE = [".json", ".yaml", ".yml"];

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
  validate: (config) => findingsOf(config, dnsRules),
  async read(config, _, call) {
    refuseInvalid(config, dnsRules);
    const definition = await definitionOf(requiredText(config, "definition"));
    const { facts } = require("../../definition/facts") as typeof import("../../definition/facts");
    const { verifyDns } = require("../../dns/verify") as typeof import("../../dns/verify");
    const { sumText } = require("../../dns/report/text") as typeof import("../../dns/report/text");
    const { legacyGateway } = definition.dns;
    const report = await verifyDns({
      facts: facts(definition),
      ...(legacyGateway !== undefined && { declaredTargets: [legacyGateway] }),
      takesOver: definition.accessEdge.takesOver,
      signal: call.signal,
      ...dnsArguments(config),
    });
    call.signal.throwIfAborted();
    return {
      verdict: report.verdict,
      summary: `${report.verdict}: ${sumText(report)}`,
      findings: findingsValue(report.findings),
    };
  },
};

async function definitionOf(given: string): Promise<Definition> {
  const { parseDefinition, formatPath } = require("../../definition") as typeof import("../../definition");
  const { definition, findings } = given.trimStart().startsWith("{")
    ? parseDefinition(parsedJson(given))
    : await loaded(given);
  if (definition !== undefined) return definition;
  const errors = findings.filter(({ severity }) => severity === "error");
  const lines = errors.map(({ path, rule, remedy }) => `${formatPath(path)}: ${rule}; ${remedy}`);
  throw new ProviderError("the definition is not valid", lines.slice(0, 20).join("\n"), PATH);
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ProviderError("the definition is not JSON", `${(error as Error).message}.`, PATH);
  }
}

async function loaded(file: string) {
  if (!READ_HERE.includes(extname(file).toLowerCase()))
    throw new ProviderError(
      "the definition cannot be read here",
      `Found ${JSON.stringify(file.slice(0, 256))}; expected a file named ${READ_HERE.join(", ")}, or JSON. A definition in ` +
        "TypeScript is a program, which a provider does not run: give it as JSON (JSON.stringify in a CDKTF app).",
      PATH,
    );
  const { LoadError, loadDefinition } = require("../../load") as typeof import("../../load");
  try {
    return await loadDefinition(file);
  } catch (error) {
    if (error instanceof LoadError)
      throw new ProviderError("the definition cannot be read", `${error.message}. ${error.remedy}.`, PATH);
    throw error;
  }
}
