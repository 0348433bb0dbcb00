import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Company } from "../rig/company";
import type { Ejabberd } from "../rig/ejabberd";
import { alice, ourDomain } from "../rig/federation";
import { PeerRigError } from "../rig/peer-error";
import { type PeerRoot, peerRoot } from "../rig/peer-root";
import { PeerRig } from "../rig/rig";
import { child } from "../rig/stanza";
import { serverRecords } from "../rig/unbound";
import type { XmppClient } from "../rig/xmpp-client";
import {
  CERTIFIED_PEERS,
  type CertifiedPeer,
  type MatrixPartner,
  type MatrixResult,
  PARTNERS,
  RUNS,
  type Run,
  SERVERS_ONLY_PARTNERS,
  type ServersMethod,
} from "./cells";
import { allOf, definitionRow, meetPartner } from "./meet-partner";
import { runJabberd2Matrix } from "./run-jabberd2-matrix";

const MET = PARTNERS.filter(({ peer }) => CERTIFIED_PEERS.some((one) => one === peer));
const EVERYONE = [...MET, ...SERVERS_ONLY_PARTNERS];
const domainsOf = (peer: CertifiedPeer) => EVERYONE.filter((one) => one.peer === peer).map(({ domain }) => domain);

/** The run of the servers that were chosen (scripts/peers.sh). */
export function runMatrix(): Promise<MatrixResult> {
  const run = chosenRun();
  return run === "bookworm-jabberd2" ? runJabberd2Matrix(run) : runCertifiedMatrix(run);
}

/**
 * A company's own server behind our gateway, and one Prosody and one ejabberd outside, each playing a partner of every
 * type by every method.
 */
async function runCertifiedMatrix(release: Run): Promise<MatrixResult> {
  const outside = await PeerRig.open();
  try {
    const place = await outside.place("ejabberd.example");
    const records = domainsOf("ejabberd").flatMap((domain) => serverRecords({ ...place, domain }));
    const [domain = "", ...additionalDomains] = domainsOf("prosody");
    const company = await Company.open({ partners: EVERYONE.map(definitionRow), accounts: ["alice"] }, [
      {
        domain,
        additionalDomains,
        mode: "any",
        records: (server) => [...serverRecords(server), ...(server.domain === domain ? records : [])],
      },
    ]);
    try {
      return { release, ...(await meet(company, await startEjabberd(company, place))) };
    } finally {
      await company.close();
    }
  } finally {
    await outside.close();
  }
}

async function startEjabberd(company: Company, place: Awaited<ReturnType<PeerRig["place"]>>): Promise<Ejabberd> {
  const { rig, resolver, definition } = company.federation;
  const [domain = "", ...additionalDomains] = domainsOf("ejabberd");
  return rig.startEjabberd(
    { ...place, domain },
    {
      additionalDomains,
      mode: "any",
      accounts: ["juliet"],
      resolver,
      hosts: { [definition.accessEdge.fqdn]: await gatewayAddress(company) },
      certificates: await rig.authority.issue({ names: domainsOf("ejabberd"), clientAuth: true }),
    },
  );
}

async function gatewayAddress(company: Company): Promise<string> {
  const { listening } = await company.federation.gateway.status();
  return listening[0]?.replace(/:\d+$/, "") ?? "";
}

async function meet(company: Company, ejabberd: Ejabberd): Promise<Omit<MatrixResult, "release">> {
  const login = ({ peer, domain }: MatrixPartner) =>
    peer === "prosody"
      ? company.login(`juliet@${domain}`)
      : company.federation.rig.login({ ...ejabberd, domain }, "juliet");
  const serverAuthOnly = await withServersCertificate(company, login);
  await takeCertificateForBoth(company);
  const ours = await company.login(alice);
  const partners = await allOf(MET.map(async (partner) => meetPartner(company, ours, await login(partner), partner)));
  const root = peerRoot();
  return {
    versions: { prosody: root.version("prosody"), ejabberd: root.version("ejabberd") },
    partners,
    serverAuthOnly,
  };
}

/** @throws PeerRigError `peers-unavailable` where the matrix is not written for the servers that were chosen */
export function chosenRun(): Run {
  const { release }: PeerRoot = peerRoot();
  const known = RUNS.find((one) => one === release);
  if (known !== undefined) return known;
  throw new PeerRigError(
    "peers-unavailable",
    `the matrix is not written for the servers of ${release}; expected one of ${RUNS.join(", ")}: set XMPP_EDGE_PEER_RELEASE or XMPP_EDGE_PEER_SET, or add the run to test/peers/matrix/cells.ts`,
  );
}

/** As public authorities issue them now. The gateway has such a one from the start. */
async function withServersCertificate(
  company: Company,
  login: (partner: MatrixPartner) => Promise<XmppClient>,
): Promise<NonNullable<MatrixResult["serverAuthOnly"]>> {
  const ours = await company.login(alice);
  const attempt = async (peer: CertifiedPeer, method: ServersMethod): Promise<string> => {
    const partner = SERVERS_ONLY_PARTNERS.find((one) => one.peer === peer && one.method === method)!;
    const theirs = await login(partner);
    const text = `by a certificate for servers, ${peer}, ${method}`;
    const arrived = theirs.waitForMessage(alice, text).then(() => "accepted");
    const returned = ours
      .waitForError(text)
      .then((stanza) => `refused: ${child(child(stanza, "error")!, "text")?.text ?? "no reason given"}`);
    arrived.catch(() => undefined);
    returned.catch(() => undefined);
    ours.message(theirs.jid, text, { id: text });
    const outcome = await Promise.race([arrived, returned]);
    await theirs.close();
    return outcome;
  };
  const attempts = async (peer: CertifiedPeer) => ({
    "sasl-over-tls": await attempt(peer, "sasl-over-tls"),
    "tls-dialback": await attempt(peer, "tls-dialback"),
  });
  const result = { prosody: await attempts("prosody"), ejabberd: await attempts("ejabberd") };
  await ours.close();
  return result;
}

/** The gateway starts again with a certificate for servers and clients. */
async function takeCertificateForBoth(company: Company): Promise<void> {
  const { gateway, rig, definition } = company.federation;
  const certificate = await rig.authority.issue({
    names: [definition.accessEdge.fqdn, ourDomain],
    clientAuth: true,
  });
  await gateway.stop();
  const folder = join(gateway.stateFolder, "..");
  await writeFile(join(folder, "edge.pem"), certificate.certPem);
  await writeFile(join(folder, "edge.key"), certificate.keyPem, { mode: 0o600 });
  await gateway.startAgain();
}
