import { isIP } from "node:net";
import { type Command, InvalidArgumentError } from "commander";
import { type Facts, facts, localRun, METHOD_NAMES, type Places, zoneLine } from "../definition";
import type { CliContext } from "./context";
import { jsonText } from "./output/json";
import { printable } from "./output/printable";
import { type Style, styleFor } from "./output/style";
import { table } from "./output/table";

interface FactsOptions {
  readonly json?: true;
  readonly local?: Places;
}

export function register(program: Command, context: CliContext): void {
  program
    .command("facts")
    .summary("print what follows from a definition: records, names, rules, policy")
    .description(
      "Prints everything that follows from a definition: DNS records, certificate, firewall, partners, probes.",
    )
    .argument("<definition>", "the file with the definition")
    .option("--json", "print the facts as JSON, the gateway document among them; equal for equal definitions")
    .option("--local <address:port>", "with the Access Edge at this address of this machine instead", places)
    .addHelpText(
      "after",
      `
Examples:
  xmpp-edge facts edge.config.ts
  xmpp-edge facts edge.config.ts --json
  xmpp-edge facts edge.config.ts --local 127.0.0.2:5269`,
    )
    .action(async (file: string, { json, local }: FactsOptions) => {
      const definition = await context.load(file);
      const found = local === undefined ? facts(definition) : localRun(definition, local);
      context.stdout(json ? jsonText(found) : factsText(found, styleFor(context.colour)));
    });
}

function places(text: string): Places {
  const [, address = "", port = ""] = /^\[?([0-9A-Fa-f.:]+?)\]?:(\d{1,5})$/.exec(text) ?? [];
  if (isIP(address) === 0 || Number(port) < 1 || Number(port) > 65535 || (isIP(address) === 6) !== text.startsWith("["))
    throw new InvalidArgumentError("Give an address and a port, such as 127.0.0.2:5269 or [::1]:5269.");
  return { address, port: Number(port) };
}

function factsText(found: Facts, style: Style): string {
  const { subject, names } = found.certificate;
  const section = (title: string, body: string) => `${style("strong", title)}\n${body}`;
  const parts = Object.entries(subject).map(([part, value]) => `${part}=${printable(value)}`);
  const { access, partners, internal } = found.gateway;
  const exceptions = access.users.filter((user) => user.allowed !== access.everyone.allowed);
  return [
    section(
      `DNS records (${found.dns.kind})`,
      table(
        ["record", "zone", "why"],
        found.dns.records.map((record) => [zoneLine(record), record.zone, printable(record.reason)]),
      ),
    ),
    section("Certificate subject", `  ${parts.join(", ")}\n`),
    section(
      "Certificate names",
      table(
        ["name", "why"],
        names.map(({ name, reason }) => [name, printable(reason)]),
      ),
    ),
    section(
      "Firewall",
      table(
        ["rule", "direction", "protocol", "ports", "other side", "why"],
        found.firewall.map((rule) => [
          rule.id,
          rule.direction,
          rule.protocol,
          portsText(rule),
          rule.peers.join(" "),
          rule.reason,
        ]),
      ),
    ),
    section(
      `Partners (${partners.length})`,
      table(
        ["domains", "type", "TLS", "SASL", "dialback", "methods", "streams"],
        partners.map((partner) => [
          partner.domains.join(" "),
          partner.partnerType,
          partner.tls,
          partner.sasl,
          String(partner.dialback),
          partner.methods.map((method) => METHOD_NAMES[method]).join(", "),
          String(partner.connectionLimit),
        ]),
      ),
    ),
    section(
      "Access",
      `  everyone: ${verdict(access.everyone)}\n${exceptions.map((user) => `  ${printable(user.address)}: ${verdict(user)}\n`).join("")}` +
        `  inside: ${internal === undefined ? "nobody answers" : `${internal.kind}; users: ${internal.users.map((user) => printable(user)).join(", ") || "none"}`}\n`,
    ),
    section(
      "Expected from outside",
      table(
        ["domain", "host", "port", "addresses", "certificate name"],
        found.probes.map((probe) => [
          probe.domain,
          probe.host,
          String(probe.port),
          probe.addresses.join(" ") || "allocated at deploy",
          probe.certificateName,
        ]),
      ),
    ),
  ].join("\n");
}

const verdict = ({ allowed, because }: { allowed: boolean; because: string }) =>
  `${allowed ? "may" : "may not"} federate (${printable(because)})`;

function portsText({ protocol, ports: [from, to] }: Facts["firewall"][number]): string {
  if (protocol === "icmp" || protocol === "icmpv6") return `type ${from} code ${to}`;
  return from === to ? String(from) : `${from}-${to}`;
}
