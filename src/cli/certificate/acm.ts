import { type Command, InvalidArgumentError, Option } from "commander";
import { openAcm } from "../../certificate/acm/acm-api";
import { type ExportOptions, exportIfNew } from "../../certificate/acm/export-certificate";
import { type ExportEvent, keepExported } from "../../certificate/acm/keep-exported";
import { createLog } from "../../gateway/log";
import { type CliContext, UsageError } from "../context";
import { jsonText } from "../output/json";
import { abortableSleep, leaveParent, parentGone } from "./kept-process";
import { addStoreOptions, explained, explainedLater, openStore, type StoreOptions } from "./store-option";
import { wantedCertificate } from "./wanted-certificate";

interface AcmOptions extends StoreOptions {
  readonly arn?: string;
  readonly keep?: true;
}

const ARN = /^arn:aws(-[a-z]+)*:acm:[a-z0-9-]+:\d{12}:certificate\/[0-9a-f-]+$/;

export function register(program: Command, context: CliContext): void {
  const command = program
    .command("acm")
    .summary("export the certificate out of AWS Certificate Manager")
    .description(
      "Exports the definition's certificate and its key out of AWS Certificate Manager where it has another than the live one, checks it, and makes it the live one of the store.",
    )
    .argument(
      "<definition>",
      "the definition, or its compiled gateway document (- reads that from standard input); certificate.source.kind is acm",
    );
  addStoreOptions(command)
    .addOption(
      new Option("--arn <arn>", "the exportable certificate in ACM").env("XMPP_EDGE_CERTIFICATE_ARN").argParser(arn),
    )
    .option("--keep", "stay, and take what ACM renews; logs JSON lines to standard error")
    .addHelpText(
      "after",
      `
Credentials come as for every AWS tool: environment, profile, instance role. It takes acm:DescribeCertificate and
acm:ExportCertificate on this one ARN.

Examples:
  xmpp-edge certificate acm edge.config.ts --arn arn:aws:acm:eu-central-1:123456789012:certificate/…
  xmpp-edge certificate acm edge.config.ts --keep --store /var/lib/xmpp-edge/certificates

Exit codes: 0 ACM's certificate is live, 1 it was not exported (the present one stays live), 2 used wrongly.`,
    )
    .action((file: string, options: AcmOptions) => acm(file, options, context));
}

async function acm(file: string, options: AcmOptions, context: CliContext): Promise<void> {
  const { names, friendlyName } = await wantedCertificate(file, "acm", context);
  if (options.arn === undefined)
    throw new UsageError("the certificate's ARN is not given", "give it by --arn or XMPP_EDGE_CERTIFICATE_ARN");
  const signal = AbortSignal.any([context.signal, parentGone()]);
  const api = await openAcm({ certificateArn: options.arn, signal });
  const exporting: ExportOptions = {
    api,
    store: openStore(options),
    names,
    friendlyName,
    now: Date.now,
  };
  try {
    if (options.keep) await keep(exporting, signal, context);
    else await once(exporting, options, context);
  } finally {
    api.close();
    leaveParent();
  }
}

async function once(exporting: ExportOptions, options: AcmOptions, context: CliContext): Promise<void> {
  const progress = context.progress("asking ACM");
  const obtained = await explainedLater(() => exportIfNew(exporting)).finally(() => progress.done());
  const live = explained(() => exporting.store.live());
  context.stdout(
    options.json
      ? jsonText({ obtained: obtained !== undefined, certificate: live })
      : `${obtained === undefined ? "Nothing new" : "Exported"}: certificate ${live?.id}, ${live?.names.length} names, until ${live?.notAfter}\n`,
  );
}

function keep(exporting: ExportOptions, signal: AbortSignal, context: CliContext): Promise<void> {
  const log = createLog(context.stderr, "info", Date.now);
  return keepExported({
    ...exporting,
    signal,
    random: Math.random,
    sleep: (milliseconds) => abortableSleep(milliseconds, signal),
    onEvent: ({ event, ...fields }: ExportEvent) =>
      log[event === "obtained" ? "info" : "error"](`certificate-${event}`, fields),
  });
}

function arn(text: string): string {
  if (ARN.test(text)) return text;
  throw new InvalidArgumentError("Give arn:aws:acm:<region>:<account>:certificate/<id>.");
}
