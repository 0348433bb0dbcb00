import { readFileSync, statSync } from "node:fs";
import type { Command } from "commander";
import { fetchIssuer } from "../../certificate/import/fetch-issuer";
import { type ImportResult, importReply } from "../../certificate/import/import-reply";
import { type Reply, readReply } from "../../certificate/import/read-reply";
import { REPLY_LIMITS, ReplyError } from "../../certificate/import/reply-error";
import { certificateNames } from "../../definition";
import { type CliContext, UsageError } from "../context";
import { jsonText } from "../output/json";
import { printable } from "../output/printable";
import { trustAnchorsOf } from "../trust-anchors";
import { addPassphraseOption, readPassphrase, variableOf } from "./passphrase";
import { addStoreOptions, explained, explainedLater, openStore, type StoreOptions } from "./store-option";

interface ImportOptions extends StoreOptions {
  readonly trustAnchors?: string;
  readonly fetchIssuers?: true;
  readonly assign?: true;
  readonly keyPassphraseFile?: string;
  readonly pkcs12PassphraseFile?: string;
  readonly askPassphrase?: true;
}

export function register(program: Command, context: CliContext): void {
  const command = program
    .command("import")
    .summary("take a CA's reply into the store")
    .description(
      "Reads a CA's reply, puts its chain in order, and takes it into the store if key, names, dates, chain, usage and strength are good.",
    )
    .argument("<definition>", "the file with the definition")
    .argument(
      "<file...>",
      "PEM, DER, PKCS#7 or PKCS#12, in any order; a key that was made elsewhere may be among them",
    );
  addStoreOptions(command)
    .option("--trust-anchors <file>", "CA certificates in PEM that the chain must lead to (default: the system's)")
    .option("--fetch-issuers", "fetch missing CA certificates from where the certificate says they are")
    .option("--assign", "make it live at once")
    .option("--ask-passphrase", "ask on the terminal for the passphrase of a PKCS#12 file");
  addPassphraseOption(command, "pkcs12", "the passphrase of a PKCS#12 file");
  addPassphraseOption(command, "key", "the passphrase of a key that comes along, and that it is kept with")
    .addHelpText(
      "after",
      `
The key is found among the open requests, then in the history, then in the files. What is refused changes nothing.

Examples:
  xmpp-edge certificate import edge.config.ts reply.p7b
  xmpp-edge certificate import edge.config.ts leaf.cer chain.pem --trust-anchors company-ca.pem --assign
  xmpp-edge certificate import edge.config.ts exported.pfx --ask-passphrase

Exit codes: 0 taken, 1 refused, 2 used wrongly.`,
    )
    .action((file: string, files: string[], options: ImportOptions) => importFiles(file, files, options, context));
}

async function importFiles(
  file: string,
  files: readonly string[],
  options: ImportOptions,
  context: CliContext,
): Promise<void> {
  const definition = await context.load(file);
  const passphrases = await passphrasesOf(options, context);
  const replies = files.map((name) => readFile(name, passphrases));
  const trust = trustAnchorsOf(options.trustAnchors);
  const store = openStore(options);
  const { friendlyName } = definition.certificate;
  const result = await explainedLater(() =>
    importReply({
      replies,
      store,
      names: certificateNames(definition).names.map(({ name }) => name),
      trust,
      now: new Date(),
      ...(passphrases.key === undefined ? {} : { keyPassphrase: passphrases.key }),
      ...(friendlyName === undefined ? {} : { friendlyName }),
      ...(options.fetchIssuers === undefined ? {} : { fetchIssuer: (url: string) => fetchIssuer(url) }),
    }),
  );
  const { record } = result;
  if (record === undefined) context.exit(1);
  else if (options.assign) explained(() => store.assign(record.id));
  const live = record !== undefined && store.live()?.id === record.id;
  context.stdout(options.json ? jsonText(asJson(result, live)) : text(result, live, options.store));
}

async function passphrasesOf(options: ImportOptions, context: CliContext) {
  const source = (what: "key" | "pkcs12", file: string | undefined, prompt: string | undefined) =>
    readPassphrase({ file, option: `--${what}-passphrase-file`, variable: variableOf(what), prompt }, context.stderr);
  const asked = options.askPassphrase && "Passphrase of the PKCS#12 file";
  const pkcs12 = await source("pkcs12", options.pkcs12PassphraseFile, asked);
  const key = await source("key", options.keyPassphraseFile, undefined);
  return { ...(pkcs12 === undefined ? {} : { pkcs12 }), ...(key === undefined ? {} : { key }) };
}

function readFile(file: string, passphrases: { readonly pkcs12?: string; readonly key?: string }): Reply {
  return explained(() => {
    try {
      return readReply(bytesOf(file), passphrases);
    } catch (error) {
      if (!(error instanceof ReplyError)) throw error;
      throw new ReplyError(error.code, `${file}: ${error.found}`, error.remedy, { cause: error });
    }
  });
}

function bytesOf(file: string): Buffer {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (!stats?.isFile())
    throw new UsageError(
      `${file} cannot be read: ${stats ? "it is no file" : "there is no such file"}`,
      "name the CA's reply",
    );
  if (stats.size > REPLY_LIMITS.bytes)
    throw new ReplyError("too-large", `more than ${REPLY_LIMITS.bytes} bytes`, "give the CA's reply, nothing else");
  return readFileSync(file);
}

function asJson({ record, findings, chain, keyOrigin }: ImportResult, live: boolean) {
  return {
    taken: record !== undefined,
    ...(record === undefined ? {} : { certificate: { ...record, live } }),
    keyOrigin,
    chain: chain.served.map(({ subject, issuer, sha256 }) => ({ subject, issuer, sha256 })),
    findings,
  };
}

function text({ record, findings, chain, keyOrigin }: ImportResult, live: boolean, directory: string): string {
  const where = { request: "an open request", history: "the history", reply: "the files given" }[keyOrigin];
  const { leaf, served, leftOut } = chain;
  const day = (date: Date) => date.toISOString().slice(0, 10);
  const lines = [
    `${printable(leaf.subject)}, ${day(leaf.notBefore)} to ${day(leaf.notAfter)}, key from ${where}`,
    ...served.map((one, depth) => `  ${"  ".repeat(depth)}issued by ${printable(one.issuer)}`),
    ...leftOut.map((one) => `  not served: ${printable(one.subject)}`),
    ...findings.flatMap(({ severity, code, detail, remedy }) => [
      `${severity === "refused" ? "refused" : "note   "}  ${printable(detail, 1000)}`,
      `  → ${printable(remedy)}`,
      `  ${code}`,
    ]),
  ];
  if (record === undefined) lines.push("Refused: nothing has changed");
  else if (live) lines.push(`Taken as ${record.id}, and live`);
  else
    lines.push(
      `Taken as ${record.id}`,
      `Next: xmpp-edge certificate assign <definition> ${record.id} --store ${directory}`,
    );
  return `${lines.join("\n")}\n`;
}
