import { type Command, InvalidArgumentError } from "commander";
import { type ConnectTo, type PartnersLookedAt, parseConnectTo, type VerifyOptions } from "../dns";
import { UsageError } from "./context";
import { trustAnchorsOf } from "./trust-anchors";

/** How the servers are looked at that partners connect to. */
export interface ProbeFlags {
  /** False with `--no-probe`. */
  readonly probe?: boolean;
  readonly from?: string;
  readonly connectTo?: readonly ConnectTo[];
  readonly trustAnchors?: string;
  readonly partners?: PartnersLookedAt;
  readonly allowPrivate?: true;
}

export function addProbeOptions(command: Command): Command {
  return command
    .option("--no-probe", "do not connect to the servers that the records lead to")
    .option("--from <domain>", "who to say we are when connecting (default: a partner of the definition)", domain)
    .option(
      "--connect-to <host:port:address:port>",
      "connect elsewhere than the records lead, as curl has it; may be repeated",
      connectTo,
    )
    .option("--trust-anchors <file>", "CA certificates in PEM that chains must lead to (default: the system's)")
    .option("--partners <number|all|none>", "how many partner domains to look at (default: 50)", partners)
    .option("--allow-private", "addresses that are not public are meant: a lab, a closed network");
}

/**
 * What the flags mean; reads the file that they name.
 * @throws UsageError
 */
export function probingOf(flags: ProbeFlags): Pick<VerifyOptions, "probe" | "partners" | "allowPrivate"> {
  const { from, connectTo: instead, trustAnchors, partners: lookedAt, allowPrivate } = flags;
  const allowed = allowPrivate === true && { allowPrivate };
  if (flags.probe === false) {
    const others = { "--from": from, "--connect-to": instead, "--trust-anchors": trustAnchors, "--partners": lookedAt };
    const [given] = Object.entries(others).flatMap(([name, value]) => (value === undefined ? [] : [name]));
    if (given !== undefined) throw new UsageError(`--no-probe and ${given} exclude each other`);
    return { probe: false, ...allowed };
  }
  return {
    probe: {
      ...(from !== undefined && { from }),
      ...(instead !== undefined && { connectTo: instead }),
      ...(trustAnchors !== undefined && { trustAnchors: trustAnchorsOf(trustAnchors) }),
    },
    ...(lookedAt !== undefined && { partners: lookedAt }),
    ...allowed,
  };
}

function connectTo(text: string, before: readonly ConnectTo[] = []): readonly ConnectTo[] {
  const rule = parseConnectTo(text);
  if (rule !== undefined) return [...before, rule];
  throw new InvalidArgumentError(
    "Give HOST:PORT:ADDRESS:PORT, such as sip.contoso.example:5269:127.0.0.2:5269; HOST and PORT may be empty.",
  );
}

function partners(text: string): PartnersLookedAt {
  if (text === "all" || text === "none") return text;
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Give a number, all or none.");
}

function domain(text: string): string {
  const name = text.toLowerCase().replace(/\.$/, "");
  if (name.includes(".") && /^[!-~]{1,253}$/.test(name)) return name;
  throw new InvalidArgumentError("Give a domain in ASCII, such as fabrikam.example.");
}
