import { existsSync } from "node:fs";
import type { Command } from "commander";
import { LAB_CA_NAME, LabCa } from "../../certificate/lab-ca";
import { createFile } from "../../certificate/store/durable-file";
import { certificateNames } from "../../definition";
import { type CliContext, CommandError, UsageError } from "../context";
import { jsonText } from "../output/json";
import { addStoreOptions, explained, explainedLater, openStore, type StoreOptions } from "./store-option";

interface LabOptions extends StoreOptions {
  readonly caOut?: string;
  readonly days: number;
}

export function register(program: Command, context: CliContext): void {
  const command = program
    .command("lab-ca")
    .summary("make a certificate of a CA for tests, and make it live")
    .description(
      "Makes a CA for tests that may issue for the definition's names alone, has it issue one certificate, and forgets the CA's key.",
    )
    .argument("<definition>", "the file with the definition");
  addStoreOptions(command)
    .option(
      "--ca-out <file>",
      "where to write the CA's certificate, for --trust-anchors of whoever shall trust it (default: <name>-lab-ca.pem)",
    )
    .option("--days <days>", "how long both are valid", days, 30)
    .addHelpText(
      "after",
      `
The CA is called "${LAB_CA_NAME}". Its name constraints allow the
definition's names and no others, its key never reaches the disk, and the certificate's key is ECDSA P-256 whatever
the definition says.

Examples:
  xmpp-edge certificate lab-ca edge.config.ts --store lab && xmpp-edge run edge.config.ts --certificate-store lab`,
    )
    .action((file: string, options: LabOptions) => lab(file, options, context));
}

function days(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= 3650) return number;
  throw new UsageError(`${JSON.stringify(text)} is no number of days`, "give 1 to 3650");
}

async function lab(file: string, options: LabOptions, context: CliContext): Promise<void> {
  const definition = await context.load(file);
  const { source } = definition.certificate;
  if (source.kind !== "lab")
    throw new UsageError(
      `the definition's certificate comes from ${source.kind}, not from a lab CA`,
      'set certificate.source to { "kind": "lab" }: no partner outside a laboratory accepts such a certificate',
    );
  const names = certificateNames(definition).names.map(({ name }) => name);
  const caOut = options.caOut ?? `${definition.name}-lab-ca.pem`;
  if (existsSync(caOut))
    throw new CommandError(`${caOut} exists already`, 1, "it is never overwritten: name another file by --ca-out");
  const store = openStore(options);
  const { issued, caPem } = await explainedLater(async () => {
    const permittedDomains = [...new Set(names.map((name) => name.replace(/^\*\./, "")))];
    const ca = await LabCa.create({ now: new Date(), validDays: options.days, permittedDomains });
    const commonName = definition.accessEdge.fqdn;
    return { issued: await ca.issue({ commonName, names }), caPem: ca.certificatePem };
  });
  const record = explained(() => {
    createFile(caOut, caPem, 0o644);
    const { friendlyName } = definition.certificate;
    const added = store.addCertificate({
      ...issued,
      source: "lab",
      ...(friendlyName === undefined ? {} : { friendlyName }),
    });
    store.assign(added.id);
    return { ...added, live: true };
  });
  context.stdout(
    options.json
      ? jsonText({ certificate: record, caOut })
      : `${record.id} is live, valid until ${record.notAfter.slice(0, 10)}, for tests only\n` +
          `  trust it by ${caOut}; its CA's key is gone, the next one comes from another CA\n`,
  );
}
