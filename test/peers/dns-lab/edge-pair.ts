import "reflect-metadata"; // @peculiar/x509 wants it loaded first
import { type Issued, type IssueOptions, issue, keyPem, NOW, SERVER_AUTH } from "../../certificate/authority";
import type { Pair } from "./xmpp-server";

/** How an edge's chain differs from a sound one: root, intermediate, certificate for the domain and the edge. */
export interface ChainManner {
  readonly leaf?: Partial<IssueOptions>;
  /** What is sent behind the certificate. Default: the intermediate. */
  readonly sent?: readonly ("issuing" | "root")[];
  /** The certificate is another root's, which nobody trusts; or which is trusted besides. */
  readonly otherRoot?: "stranger" | "trusted";
}

export interface EdgeChain extends Pair {
  /** What is trusted, in PEM. */
  readonly anchorsPem: string;
}

/** The authority's days are counted from a moment of its own; ours from now. */
const shift = (Date.now() - NOW.getTime()) / 86_400_000;
const inLife = ({ from = -30, to = 60, ...rest }: Partial<IssueOptions>) => ({
  ...rest,
  from: shift + from,
  to: shift + to,
});

export async function edgeChain(
  names: readonly string[],
  { leaf = {}, sent = ["issuing"], otherRoot }: ChainManner = {},
): Promise<EdgeChain> {
  const life = { from: -300, to: 300 };
  const root = await issue({ subject: "CN=Lab root", ca: true, ...inLife(life) });
  const other = await issue({ subject: "CN=Another root", ca: true, ...inLife(life) });
  const issuing = await issue({
    subject: "CN=Lab issuing",
    issuer: otherRoot === undefined ? root : other,
    ca: true,
    ...inLife(life),
  });
  const options = { subject: `CN=${names[0]}`, issuer: issuing, names, purposes: [SERVER_AUTH], ...inLife(leaf) };
  const certificate: Issued = await issue(options);
  const others = { issuing, root: otherRoot === undefined ? root : other };
  return {
    certPem: [certificate.pem, ...sent.map((one) => others[one].pem)].join("\n"),
    keyPem: await keyPem(certificate),
    anchorsPem: [root.pem, ...(otherRoot === "trusted" ? [other.pem] : [])].join("\n"),
  };
}
