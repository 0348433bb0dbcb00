/** A stand-in for AWS Certificate Manager's API: the two calls of an export, with their documented shapes. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import {
  type AwsAnswer,
  type AwsCall,
  type AwsService,
  inputOf,
  jsonAnswer,
  jsonRefusal,
  operationOf,
} from "./service";
import { AwsStandIn } from "./stand-in";

export interface Held {
  /** Leaf first, then its chain. */
  readonly certificatePem: string;
  readonly keyPem: string;
}

export class AcmStandIn implements AwsService {
  readonly name = "acm";
  /** The calls, in order. */
  readonly calls: string[] = [];
  /** Passphrases that were given. */
  readonly passphrases: string[] = [];
  status = "ISSUED";
  /** Answers every call with this error instead. */
  failure: { readonly status: number; readonly type: string } | undefined;
  /** A server of its own; another `AwsStandIn` may play it instead. */
  readonly #server = new AwsStandIn(this);

  constructor(
    readonly arn: string,
    public held: Held,
  ) {}

  async start(): Promise<void> {
    await this.#server.start();
  }

  async stop(): Promise<void> {
    await this.#server.stop();
  }

  get endpoint(): string {
    return this.#server.endpoint;
  }

  answer(request: AwsCall): AwsAnswer {
    const call = operationOf(request);
    this.calls.push(call);
    const { status, answer } = this.#answer(call, inputOf(request) as Record<string, string>);
    return { ...jsonAnswer(answer), status };
  }

  refuse = jsonRefusal;

  #answer(call: string, input: Record<string, string>): { status: number; answer: object } {
    if (this.failure !== undefined) {
      const { status, type } = this.failure;
      return { status, answer: { __type: type, message: "the stand-in's words" } };
    }
    if (input.CertificateArn !== this.arn)
      return { status: 400, answer: { __type: "ResourceNotFoundException", message: "no such certificate" } };
    const { certificatePem, keyPem } = this.held;
    if (call === "DescribeCertificate") {
      const Serial = new X509Certificate(certificatePem).serialNumber.toLowerCase().replace(/..(?=.)/g, "$&:");
      const issued = this.status === "ISSUED" ? { Serial } : {};
      return { status: 200, answer: { Certificate: { Status: this.status, ...issued } } };
    }
    const passphrase = Buffer.from(input.Passphrase ?? "", "base64").toString();
    this.passphrases.push(passphrase);
    const end = certificatePem.indexOf("-----END CERTIFICATE-----") + "-----END CERTIFICATE-----\n".length;
    const PrivateKey = createPrivateKey(keyPem).export({
      type: "pkcs8",
      format: "pem",
      cipher: "aes-256-cbc",
      passphrase,
    });
    const answer = {
      Certificate: certificatePem.slice(0, end),
      CertificateChain: certificatePem.slice(end),
      PrivateKey,
    };
    return { status: 200, answer };
  }
}
