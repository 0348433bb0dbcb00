/** Certificates with their keys, as a store takes them. */
import { type Issued, type IssueOptions, issue, keyPem } from "../authority";

export interface Pair {
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly issued: Issued;
}

/** A leaf, followed in its file by what issued it. */
export async function pairOf(options: Partial<IssueOptions> = {}, chain: readonly Issued[] = []): Promise<Pair> {
  const issued = await issue({ subject: "CN=sip.contoso.example", names: ["contoso.example"], ...options });
  const certificatePem = [issued, ...chain].map((one) => `${one.pem.trim()}\n`).join("");
  return { certificatePem, keyPem: await keyPem(issued), issued };
}
