import { type Command, Option } from "commander";
import { exportCertificate } from "../../certificate/export/export-certificate";
import { createFile } from "../../certificate/store/durable-file";
import { type CliContext, CommandError } from "../context";
import { jsonText } from "../output/json";
import { addPassphraseOption, readPassphrase, variableOf } from "./passphrase";
import { addStoreOptions, explained, openExistingStore, type StoreOptions } from "./store-option";

interface ExportOptions extends StoreOptions {
  readonly out?: string;
  readonly format: "pkcs12" | "pem";
  readonly keyPassphraseFile?: string;
  readonly pkcs12PassphraseFile?: string;
  readonly askPassphrase?: true;
}

export function register(program: Command, context: CliContext): void {
  const command = program
    .command("export")
    .summary("write a certificate with its key for use elsewhere")
    .description(
      "Writes a certificate with its chain and key as PKCS#12 or PEM, where the definition marks the key exportable.",
    )
    .argument("<definition>", "the file with the definition")
    .argument("[id]", "the certificate's id (default: the live one)");
  addStoreOptions(command)
    .option("--out <file>", "where to write it, mode 0600 (default: <Access Edge FQDN>.p12 or .pem)")
    .addOption(new Option("--format <format>", "pkcs12 or pem").choices(["pkcs12", "pem"]).default("pkcs12"))
    .option("--ask-passphrase", "ask on the terminal for the passphrase of the new file");
  addPassphraseOption(command, "pkcs12", "the passphrase of the new file; PEM may do without");
  addPassphraseOption(command, "key", "the passphrase that the key has in the store, if it has one")
    .addHelpText(
      "after",
      `
PKCS#12 is written with AES-256 and SHA-256. Proven with openssl 3 and Java's keytool; Windows is not tried, its
versions before 10 1709 and Server 2019 are said not to read this encryption. Nothing that is there is overwritten.

Examples:
  xmpp-edge certificate export edge.config.ts --ask-passphrase
  xmpp-edge certificate export edge.config.ts --format pem --out edge.pem`,
    )
    .action((file: string, id: string | undefined, options: ExportOptions) => exportOne(file, id, options, context));
}

async function exportOne(
  file: string,
  id: string | undefined,
  options: ExportOptions,
  context: CliContext,
): Promise<void> {
  const definition = await context.load(file);
  const store = openExistingStore(options);
  const chosen = id ?? explained(() => store.live())?.id;
  if (chosen === undefined)
    throw new CommandError("no certificate is live", 1, "name one by its id: xmpp-edge certificate history lists them");
  const passphrase = (what: "key" | "pkcs12", named: string | undefined, prompt: string | undefined) =>
    readPassphrase(
      { file: named, option: `--${what}-passphrase-file`, variable: variableOf(what), prompt },
      context.stderr,
    );
  const asked = options.askPassphrase && "Passphrase for the new file";
  const exportPassphrase = await passphrase("pkcs12", options.pkcs12PassphraseFile, asked);
  const keyPassphrase = await passphrase("key", options.keyPassphraseFile, undefined);
  const out = options.out ?? `${definition.accessEdge.fqdn}.${options.format === "pem" ? "pem" : "p12"}`;
  explained(() => {
    const content = exportCertificate({
      store,
      id: chosen,
      exportableKey: definition.certificate.exportableKey,
      format: options.format,
      ...(exportPassphrase === undefined ? {} : { exportPassphrase }),
      ...(keyPassphrase === undefined ? {} : { keyPassphrase }),
    });
    createFile(out, content, 0o600);
  });
  const locked = exportPassphrase !== undefined;
  context.stdout(
    options.json
      ? jsonText({ certificate: chosen, format: options.format, out, encrypted: locked })
      : `${chosen} written to ${out} with its key, ${locked ? "encrypted" : "not encrypted, mode 0600"}\n`,
  );
}
