/** A stand-in for AWS Certificate Manager's API: the two calls of an export, with their documented shapes. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Held {
  /** Leaf first, then its chain. */
  readonly certificatePem: string;
  readonly keyPem: string;
}

export class AcmStandIn {
  /** The calls, in order. */
  readonly calls: string[] = [];
  /** Passphrases that were given. */
  readonly passphrases: string[] = [];
  status = "ISSUED";
  /** Answers every call with this error instead. */
  failure: { readonly status: number; readonly type: string } | undefined;
  endpoint = "";
  readonly #server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    request.on("end", () => {
      const call = String(request.headers["x-amz-target"]).replace("CertificateManager.", "");
      this.calls.push(call);
      const { status, answer } = this.#answer(call, JSON.parse(body) as Record<string, string>);
      response.writeHead(status, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(answer));
    });
  });

  constructor(
    readonly arn: string,
    public held: Held,
  ) {}

  async start(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    this.endpoint = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

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
