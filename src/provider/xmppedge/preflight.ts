import { isIP } from "node:net";
import type { VerifyFinding } from "../../dns/report/report";
import { isAskable } from "../../dns/resolver/names";
import { type DataSource, ProviderError } from "../protocol/provider";
import { findingsOf, flagOf, refuseInvalid, requiredText, text, textsOf } from "./configured";
import { dnsArguments, dnsAttributes, dnsRules } from "./dns-arguments";
import { findingsAttribute, findingsValue } from "./findings";

const name = text(
  (value) => isAskable(value) && value.includes("."),
  "a domain name in ASCII, such as contoso.example",
);
const rules = {
  ...dnsRules,
  fqdn: name,
  domains: name,
  addresses: text((value) => isIP(value) !== 0, "an IP address"),
};

/** Decision by the name servers of the zones, before anything is published: is the Access Edge FQDN in use? */
export const preflightSource: DataSource<unknown> = {
  schema: {
    description:
      "Looks whether a running SIP edge, or anything else that is not this edge, serves the Access Edge FQDN, and stops the plan or the apply where it does. What publishes addresses has to depend on it. It asks the zones' own name servers.",
    attributes: {
      fqdn: {
        type: "string",
        required: true,
        description: "The Access Edge FQDN that addresses are about to be published for.",
      },
      domains: {
        type: ["list", "string"],
        required: true,
        description: "The local domains, whose SIP records `_sip._tls` and `_sipfederationtls._tcp` are looked at.",
      },
      addresses: {
        type: ["list", "string"],
        optional: true,
        description:
          "The addresses that will be published. Where the name has them and no others, it is this edge's own. Default: none are known, so that any address at the name is somebody else's.",
      },
      takes_over: {
        type: "bool",
        optional: true,
        description: "Whether what is at the name may go off the air: it is a warning then. Default false.",
      },
      allow_unknown: {
        type: "bool",
        optional: true,
        description: "Whether to go on, with a warning, where it could not be found out. Default false.",
      },
      ...dnsAttributes(
        "Resolvers that find the name servers, `ADDRESS[:PORT]`. Default: three public ones.",
        "Name servers to ask, `[ZONE=]ADDRESS[:PORT]`. Default: those that the zones are delegated to, as the resolvers say.",
      ),
      verdict: {
        type: "string",
        computed: true,
        description: "`pass`, `warn` where some name servers were silent, or `unknown` where that is allowed.",
      },
      findings: findingsAttribute,
    },
    blocks: {},
  },
  validate: (config) => findingsOf(config, rules),
  async read(config, _, call) {
    refuseInvalid(config, rules);
    const fqdn = requiredText(config, "fqdn");
    const { lookForEdge } = require("./on-demand") as typeof import("./on-demand");
    const report = await lookForEdge()({
      fqdn,
      domains: textsOf(config.domains) ?? [],
      addresses: textsOf(config.addresses) ?? [],
      takesOver: flagOf(config.takes_over),
      signal: call.signal,
      ...dnsArguments(config),
    });
    call.signal.throwIfAborted();
    const { verdict, findings } = report;
    const of = (wanted: VerifyFinding["verdict"]) => findings.filter((finding) => finding.verdict === wanted);
    if (verdict === "fail") {
      throw new ProviderError(`${fqdn} is in use`, of("fail").map(told).join("\n\n"), ["fqdn"]);
    }
    if (verdict === "unknown") {
      const summary = `could not find out whether ${fqdn} is in use`;
      const detail = of("unknown").map(told).join("\n\n");
      if (!flagOf(config.allow_unknown)) throw new ProviderError(summary, `${detail}\n\n${UNKNOWN_REMEDY}`, ["fqdn"]);
      call.report({ severity: "warning", summary, detail, path: ["fqdn"] });
    }
    for (const finding of of("info")) {
      call.report({
        severity: "warning",
        summary: `${fqdn} is taken over`,
        detail: told(finding),
        path: ["takes_over"],
      });
    }
    return { verdict, findings: findingsValue(findings) };
  },
};

const UNKNOWN_REMEDY =
  "Nothing was published. See that the name servers can be reached from here, or name others in name_servers; " +
  "allow_unknown = true goes on without knowing.";

const told = ({ subject, server, found, remedy }: VerifyFinding): string =>
  `${subject}${server === "" ? "" : ` (asked ${server})`}: ${found}.\nRemedy: ${remedy}.`;
