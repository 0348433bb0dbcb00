import { existsSync } from "node:fs";
import type { Command } from "commander";
import { createRequest } from "../../certificate/request/create-request";
import { type CertificateStore, type RequestRecord, StoreError } from "../../certificate/store/certificate-store";
import { createFile } from "../../certificate/store/durable-file";
import { certificateNames, type Definition } from "../../definition";
import { type CliContext, UsageError } from "../context";
import { jsonText } from "../output/json";
import { printable } from "../output/printable";
import { addPassphraseOption, readPassphrase, variableOf } from "./passphrase";
import { addStoreOptions, explained, explainedLater, openStore, type StoreOptions } from "./store-option";

interface RequestOptions extends StoreOptions {
  readonly out?: string;
  readonly keyOut?: string;
  readonly template?: string;
  readonly keyPassphraseFile?: string;
  readonly askPassphrase?: true;
}

export function register(program: Command, context: CliContext): void {
  const command = program
    .command("request")
    .summary("make a key and a request for a CA")
    .description(
      "Makes a key and a certificate request (PKCS#10) with the definition's subject and names. The key stays in the store.",
    )
    .argument("<definition>", "the file with the definition");
  addStoreOptions(command)
    .option("--out <file>", "where to write the request (default: <Access Edge FQDN>.csr)")
    .option("--key-out <file>", "also write the key to a file of your own, mode 0600")
    .option(
      "--template <template>",
      "Microsoft's certificate template: its name, or its identifier as OID[:MAJOR[.MINOR]]",
    )
    .option("--ask-passphrase", "ask on the terminal for the passphrase that encrypts the key");
  addPassphraseOption(command, "key", "encrypt the key with a passphrase")
    .addHelpText(
      "after",
      `
Nothing that is there is overwritten. Requests may be open side by side: the CA's reply finds its own by the key.

Examples:
  xmpp-edge certificate request edge.config.ts
  xmpp-edge certificate request edge.config.ts --template WebServer --out renewal.csr --ask-passphrase`,
    )
    .action((file: string, options: RequestOptions) => request(file, options, context));
}

async function request(file: string, options: RequestOptions, context: CliContext): Promise<void> {
  const definition = await context.load(file);
  const { source } = definition.certificate;
  if (source.kind !== "request")
    throw new UsageError(
      `the definition's certificate comes from ${source.kind}, not from a request`,
      'set certificate.source to { "kind": "request" }, or use the command of that source',
    );
  const keyPassphrase = await readPassphrase(
    {
      file: options.keyPassphraseFile,
      option: "--key-passphrase-file",
      variable: variableOf("key"),
      prompt: options.askPassphrase && "Passphrase for the new key",
    },
    context.stderr,
  );
  const { subject, names } = certificateNames(definition);
  const { key, friendlyName } = definition.certificate;
  const store = openStore(options);
  const out = options.out ?? `${definition.accessEdge.fqdn}.csr`;
  explained(() => refuseTaken(out, options.keyOut));
  if (!options.json) context.stdout(summary(definition, options.template, keyPassphrase !== undefined));
  const made = await explainedLater(() =>
    createRequest({
      subject,
      names: names.map(({ name }) => name),
      key,
      ...(options.template === undefined ? {} : { template: options.template }),
      ...(keyPassphrase === undefined ? {} : { keyPassphrase }),
    }),
  );
  const record = explained(() => {
    const added = store.addRequest({
      ...made,
      commonName: subject.commonName,
      names: names.map(({ name }) => name),
      keyType: key.type,
      bits: key.bits,
      ...(friendlyName === undefined ? {} : { friendlyName }),
    });
    if (options.keyOut !== undefined) createFile(options.keyOut, made.keyPem, 0o600);
    createFile(out, made.csrPem, 0o644);
    return added;
  });
  context.stdout(
    options.json
      ? jsonText({ request: { ...record, out, ...(options.keyOut === undefined ? {} : { keyOut: options.keyOut }) } })
      : log(record, out, options, store),
  );
}

/** Before a key is made for nothing. */
function refuseTaken(...files: readonly (string | undefined)[]): void {
  for (const file of files)
    if (file !== undefined && existsSync(file))
      throw new StoreError(
        "file-exists",
        `${file} exists already`,
        "it is never overwritten: name another file by --out or --key-out",
      );
}

function summary(definition: Definition, template: string | undefined, encrypted: boolean): string {
  const { subject, names } = certificateNames(definition);
  const { key, friendlyName } = definition.certificate;
  const lines: [string, string | undefined][] = [
    ["subject", Object.values(subject).join(", ")],
    ["key", `${key.type} ${key.bits}, ${encrypted ? "encrypted with a passphrase" : "not encrypted, mode 0600"}`],
    ["template", template],
    ["friendly name", friendlyName],
  ];
  const facts = lines.flatMap(([label, text]) =>
    text === undefined ? [] : [`  ${label.padEnd(14)} ${printable(text)}\n`],
  );
  const listed = names.map(({ name, reason }) => `  ${name}  (${reason})\n`);
  return `Request\n${facts.join("")}Names (${names.length})\n${listed.join("")}`;
}

function log(
  record: RequestRecord,
  out: string,
  { keyOut, store: directory }: RequestOptions,
  store: CertificateStore,
): string {
  const open = store.requests().length;
  return [
    "Done",
    `  key made, kept in ${record.keyFile}${keyOut === undefined ? "" : ` and in ${keyOut}`}`,
    `  SHA-256 of the public key: ${record.spkiSha256}`,
    `  request ${record.id} written to ${out}${open > 1 ? `; ${open} requests are open` : ""}`,
    `Next: send ${out} to your CA, then`,
    `  xmpp-edge certificate import <definition> <the CA's reply> --store ${directory}`,
    "",
  ].join("\n");
}
