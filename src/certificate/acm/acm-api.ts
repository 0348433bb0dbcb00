import type { ACMClient } from "@aws-sdk/client-acm";
import { AcmError } from "./acm-error";

/** What is looked at of a certificate in ACM. */
export interface AcmCertificate {
  /** `ISSUED`, `PENDING_VALIDATION`, … */
  readonly status: string;
  /** Hexadecimal, lower case, without separators and leading zeros; undefined before it is issued. */
  readonly serialNumber: string | undefined;
}

/** A certificate as ACM exports it. */
export interface AcmExport {
  readonly certificatePem: string;
  /** The intermediates. */
  readonly chainPem: string;
  /** PKCS#8, encrypted with the passphrase that was given. */
  readonly encryptedKeyPem: string;
}

/** The two calls of AWS Certificate Manager that an export takes. */
export interface AcmApi {
  describe(): Promise<AcmCertificate>;
  export(passphrase: string): Promise<AcmExport>;
  close(): void;
}

export interface AcmApiOptions {
  readonly certificateArn: string;
  readonly signal?: AbortSignal;
  /** Another address of the API, for tests. Default: AWS's own (or AWS_ENDPOINT_URL_ACM). */
  readonly endpoint?: string;
}

const RETRYABLE = new Set(["ThrottlingException", "RequestInProgressException", "TimeoutError", "InternalFailure"]);

/**
 * ACM in the certificate's own region. Credentials come as for every AWS tool (environment, profile, instance role).
 * Its methods reject with an AcmError.
 */
export async function openAcm({ certificateArn, signal, endpoint }: AcmApiOptions): Promise<AcmApi> {
  // Loaded with the first use: the library is large, and the gateway's process never comes here.
  const { ACMClient, DescribeCertificateCommand, ExportCertificateCommand } = await import("@aws-sdk/client-acm");
  const region = certificateArn.split(":")[3] ?? "";
  const client: ACMClient = new ACMClient({ region, maxAttempts: 4, ...(endpoint !== undefined && { endpoint }) });
  const sent = signal === undefined ? {} : { abortSignal: signal };
  const input = { CertificateArn: certificateArn };
  return {
    async describe() {
      const { Certificate } = await client.send(new DescribeCertificateCommand(input), sent).catch(refuse);
      const serialNumber = Certificate?.Serial?.replaceAll(":", "").toLowerCase().replace(/^0+/, "");
      return { status: Certificate?.Status ?? "unknown", serialNumber };
    },
    async export(passphrase) {
      const command = new ExportCertificateCommand({ ...input, Passphrase: Buffer.from(passphrase) });
      const {
        Certificate = "",
        CertificateChain = "",
        PrivateKey = "",
      } = await client.send(command, sent).catch(refuse);
      return { certificatePem: Certificate, chainPem: CertificateChain, encryptedKeyPem: PrivateKey };
    },
    close: () => client.destroy(),
  };
}

function refuse(error: unknown): never {
  const { name, message, $metadata } = error as Error & { readonly $metadata?: { readonly httpStatusCode?: number } };
  if (name === "AbortError") throw error;
  const status = $metadata?.httpStatusCode ?? 0;
  const said = `${name}: ${message.slice(0, 300)}`;
  if (status === 0 || status >= 500 || RETRYABLE.has(name))
    throw new AcmError(
      "acm-unreachable",
      `ACM did not answer: ${said}`,
      "see that this host reaches ACM; it is tried again",
      {
        cause: error,
      },
    );
  throw new AcmError(
    "acm-refused",
    `ACM refuses: ${said}`,
    "give this host acm:DescribeCertificate and acm:ExportCertificate on the one ARN; the certificate has to be an exportable one",
    { cause: error },
  );
}
