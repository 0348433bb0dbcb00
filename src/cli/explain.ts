import type { Command } from "commander";
import {
  agreedMethod,
  type Definition,
  explainPartner,
  METHOD_NAMES,
  type Method,
  type PartnerExplanation,
} from "../definition";
import { didYouMean } from "../definition/did-you-mean";
import { type CliContext, CommandError } from "./context";
import { jsonText } from "./output/json";
import { printable } from "./output/printable";
import { type Style, styleFor } from "./output/style";

interface ExplainOptions {
  readonly json?: true;
  readonly with?: string;
}

export function register(program: Command, context: CliContext): void {
  program
    .command("explain")
    .summary("explain what a definition means for one partner")
    .description(
      "Explains which methods a partner may use each way, which is preferred, what its users may do, and why.",
    )
    .argument("<definition>", "the file with the definition")
    .argument("<partner domain>", "a primary or additional domain of a partner")
    .option("--with <definition>", "the partner's own definition: shows the method that both agree on each way")
    .option("--json", "print it as JSON")
    .addHelpText(
      "after",
      `
Exit codes: 0 explained, 1 no such partner or nothing agreed on, 2 the definition is invalid or cannot be read.

Examples:
  xmpp-edge explain edge.config.ts fabrikam.example
  xmpp-edge explain contoso/edge.config.ts fabrikam.example --with fabrikam/edge.config.ts`,
    )
    .action((file: string, domain: string, options: ExplainOptions) => explain(file, domain, options, context));
}

async function explain(file: string, domain: string, options: ExplainOptions, context: CliContext): Promise<void> {
  const definition = await context.load(file);
  const ours = explained(definition, file, domain);
  const links = options.with === undefined ? undefined : linksWith(ours, definition, await context.load(options.with));
  context.stdout(
    options.json
      ? jsonText(links === undefined ? ours : { ...ours, links })
      : `${partnerText(ours, styleFor(context.colour))}${links === undefined ? "" : linksText(links)}`,
  );
  const broken =
    links === undefined ? false : links.length === 0 || links.some((link) => !link.outbound || !link.inbound);
  context.exit(broken ? 1 : 0);
}

function explained(definition: Definition, file: string, domain: string): PartnerExplanation {
  const found = explainPartner(definition, domain);
  if (found !== undefined) return found;
  const known = definition.partners.flatMap((partner) => [partner.domain, ...partner.additionalDomains]);
  const local = definition.domains.some((one) => one.name === domain.toLowerCase());
  const near = didYouMean(domain, known);
  throw new CommandError(
    `${printable(domain, 100)} is no partner of ${printable(file)}: ${local ? "it is one of its own domains" : "its streams are refused with policy-violation"}`,
    1,
    near === undefined ? "add it to partners to allow it" : `did you mean ${near}?`,
  );
}

/** What comes out between one of our domains and the partner's domain, where both definitions are known. */
interface Link {
  readonly local: string;
  /** Streams that we open; null where there is no common method. */
  readonly outbound: Method | null;
  /** Streams that the partner opens. */
  readonly inbound: Method | null;
  readonly because: string;
}

function linksWith(ours: PartnerExplanation, definition: Definition, other: Definition): Link[] {
  const theirDomains = other.domains.map((one) => one.name);
  return ours.localDomains.map((local) => {
    const closed = (because: string): Link => ({ local, outbound: null, inbound: null, because });
    if (!theirDomains.includes(ours.domain)) return closed(`${other.name} does not serve ${ours.domain}`);
    const theirs = explainPartner(other, local);
    if (theirs === undefined) return closed(`${other.name} does not allow ${local}`);
    if (!theirs.localDomains.includes(ours.domain))
      return closed(`${other.name} does not allow ${local} to talk to ${ours.domain}`);
    return {
      local,
      outbound: agreedMethod(ours, theirs) ?? null,
      inbound: agreedMethod(theirs, ours) ?? null,
      because: `${definition.name} has row ${ours.row.row}, ${other.name} has row ${theirs.row.row}`,
    };
  });
}

const words = (methods: readonly Method[]) => methods.map((method) => METHOD_NAMES[method]).join(", ");
const STARTTLS = {
  required: "STARTTLS announced as required",
  optional: "STARTTLS announced as optional",
  absent: "STARTTLS not announced",
} as const;

function partnerText(partner: PartnerExplanation, style: Style): string {
  const { row } = partner;
  const item = (text: string) => `  - ${printable(text)}\n`;
  const also = partner.domain === partner.partner ? "" : `, an additional domain of ${partner.partner}`;
  return [
    `${style("strong", partner.domain)}${also}: ${partner.partnerType}\n`,
    `settings    TLS ${row.tls}, SASL ${row.sasl}, dialback ${row.dialback} (row ${row.row} of 18)\n`,
    `inbound     ${words(partner.inbound.methods)}; the partner chooses; ${STARTTLS[partner.inbound.starttls]}\n`,
    `outbound    ${words(partner.outbound.methods)}; tried in this order; connects to ${partner.outbound.connectTo}\n`,
    `preferred   ${style("good", METHOD_NAMES[partner.preferred])}\n`,
    `talks to    ${partner.localDomains.join(", ")}\n`,
    "what it may do\n",
    ...partner.mayDo.map(item),
    ...(partner.blockedUsers.length === 0 ? [] : ["who may do nothing\n", ...partner.blockedUsers.map(item)]),
    "why\n",
    ...partner.reasons.map(item),
  ].join("");
}

function linksText(links: readonly Link[]): string {
  const method = (chosen: Method | null) =>
    chosen === null ? "no common method: the link cannot come up" : METHOD_NAMES[chosen];
  return links
    .map(
      ({ local, outbound, inbound, because }) =>
        `link with ${local}\n  we open     ${method(outbound)}\n  it opens    ${method(inbound)}\n  because     ${printable(because)}\n`,
    )
    .join("");
}
