import { type Command, Option } from "commander";
import type { ExternalAccount } from "../../certificate/acme/acme-server";
import { keepRenewed, type RenewalEvent, type RenewOptions, renewIfDue } from "../../certificate/acme/keep-renewed";
import { obtain } from "../../certificate/acme/obtain";
import { LETS_ENCRYPT } from "../../certificate/acme/obtain-options";
import { createLog } from "../../gateway/log";
import { type CliContext, UsageError } from "../context";
import { jsonText } from "../output/json";
import { readText } from "../run-options";
import { type AnswererChoice, addAnswererOptions, chosenAnswerer } from "./acme-answerer";
import { challengeHost } from "./acme-host";
import { repeated, seconds } from "./acme-option";
import { abortableSleep, leaveParent, parentGone } from "./kept-process";
import { addStoreOptions, explained, explainedLater, openStore, type StoreOptions } from "./store-option";
import { type WantedCertificate, wantedCertificate } from "./wanted-certificate";

interface AcmeOptions extends StoreOptions, AnswererChoice {
  readonly agreeTerms?: true | string;
  readonly contact?: readonly string[];
  readonly eab?: string;
  readonly acmeAnchors?: string;
  readonly timeout: number;
  readonly renew?: true;
  readonly keep?: true;
}

export function register(program: Command, context: CliContext): void {
  const command = program
    .command("acme")
    .summary("obtain or renew the certificate by ACME")
    .description(
      "Obtains the definition's certificate from an ACME server (RFC 8555) and makes it the live one of the store; renews it when it is due. After a crash it goes on where it was.",
    )
    .argument(
      "<definition>",
      "the definition, or its compiled gateway document (- reads that from standard input); certificate.source.kind is acme",
    );
  addStoreOptions(command)
    .addOption(
      new Option("--agree-terms", "agree to the CA's terms of service; needed once, for a new account").env(
        "XMPP_EDGE_ACME_AGREE_TERMS",
      ),
    )
    .addOption(
      new Option("--contact <address>", "mail address that the CA may write to; may be repeated")
        .env("XMPP_EDGE_ACME_CONTACT")
        .argParser(repeated(mailAddress, "Give a mail address.")),
    )
    .addOption(
      new Option("--eab <file>", 'external account binding: a JSON file {"kid":"…","hmacKey":"…"} from the CA').env(
        "XMPP_EDGE_ACME_EAB",
      ),
    )
    .addOption(
      new Option(
        "--acme-anchors <file>",
        "CA certificates in PEM that the ACME server's TLS certificate may lead to",
      ).env("XMPP_EDGE_ACME_ANCHORS"),
    );
  addAnswererOptions(command)
    .option("--timeout <seconds>", "seconds for one attempt as a whole", seconds, 3600)
    .option("--renew", "renew now, although it is not due")
    .option("--keep", "stay, and renew whenever it is due; logs JSON lines to standard error")
    .addHelpText(
      "after",
      `
Challenge records go where the definition's dns says (route53, rfc2136), unless --hook, --zone-file or --manual is given.
If _acme-challenge.<name> is a CNAME they go where it leads. With certificate.source.challenge http-01 or tls-alpn-01
there are no records: the CA comes to port 80 or 443 of every name, where we listen while an order is open.

Examples:
  xmpp-edge certificate acme edge.config.ts --agree-terms --contact admin@contoso.example
  xmpp-edge certificate acme edge.config.ts --keep --store /var/lib/xmpp-edge/certificates
  xmpp-edge certificate acme edge.config.ts --manual

Exit codes: 0 a certificate is live and not due, 1 none was obtained (the present one stays live), 2 used wrongly.`,
    )
    .action((file: string, options: AcmeOptions) => acme(file, options, context));
}

async function acme(file: string, options: AcmeOptions, context: CliContext): Promise<void> {
  const wanted = await wantedCertificate(file, "acme", context);
  const renewal = await renewOptions(wanted, options, context);
  if (options.keep) return keepRenewed({ ...renewal, onEvent: logEvents(context) }).finally(leaveParent);
  const progress = context.progress("waiting for the ACME server and the DNS");
  const obtained = await explainedLater(async () =>
    options.renew ? obtain({ ...renewal, onStep: () => undefined }) : renewIfDue(renewal),
  ).finally(() => progress.done());
  const live = explained(() => renewal.store.live());
  context.stdout(
    options.json
      ? jsonText({ obtained: obtained !== undefined, certificate: live })
      : `${obtained === undefined ? "Not due yet" : "Obtained"}: certificate ${live?.id}, ${live?.names.length} names, until ${live?.notAfter}\n`,
  );
}

async function renewOptions(
  wanted: WantedCertificate,
  options: AcmeOptions,
  context: CliContext,
): Promise<RenewOptions> {
  const signal = AbortSignal.any([context.signal, parentGone()]);
  const sleep = (milliseconds: number) => abortableSleep(milliseconds, signal);
  const host = () => explainedLater(() => challengeHost(wanted, options, context.stderr));
  return {
    account: {
      directory: wanted.directory ?? LETS_ENCRYPT,
      contact: (options.contact ?? []).map((address) => `mailto:${address}`),
      agreeTerms: options.agreeTerms === true || options.agreeTerms === "true",
      externalAccount: options.eab === undefined ? undefined : externalAccount(options.eab),
      anchorsPem: options.acmeAnchors === undefined ? undefined : readText(options.acmeAnchors, "--acme-anchors"),
    },
    names: wanted.names,
    key: wanted.key,
    friendlyName: wanted.friendlyName,
    answerer: await chosenAnswerer(wanted.challenge ?? "dns-01", options, host, { sleep, signal }),
    store: openStore(options),
    timeout: options.timeout * 1000,
    now: Date.now,
    sleep,
    signal,
    random: Math.random,
    onEvent: () => undefined,
  };
}

/** A certificate's life as log lines; an alarm is an error there, for that is what monitoring looks for. */
function logEvents(context: CliContext): (event: RenewalEvent) => void {
  const log = createLog(context.stderr, "info", Date.now);
  return ({ event, ...fields }) => {
    const rank =
      event === "failed" || event === "runs-out" ? "error" : event === "no-renewal-information" ? "warn" : "info";
    log[rank](`certificate-${event}`, fields);
  };
}

function externalAccount(file: string): ExternalAccount {
  const text = readText(file, "--eab");
  try {
    const { kid, hmacKey } = JSON.parse(text) as Record<string, unknown>;
    if (typeof kid === "string" && typeof hmacKey === "string" && /^[A-Za-z0-9_-]+=*$/.test(hmacKey))
      return { kid, hmacKey };
  } catch {
    // said below, without a word of what the file holds
  }
  throw new UsageError(
    `${file} (--eab) is not as expected`,
    'write {"kid":"…","hmacKey":"…"} with the values of your CA',
  );
}

const mailAddress = (text: string) => (/^[^\s@,?]+@[^\s@,?]+$/.test(text) ? text : undefined);
