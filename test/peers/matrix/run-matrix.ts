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
  type MatrixPartner,
  type MatrixResult,
  METHODS,
  PARTNERS,
  type PartnerResult,
  type Peer,
  RELEASES,
  type Release,
  SERVERS_ONLY_PARTNERS,
  type ServersMethod,
} from "./cells";
import { tellStory } from "./story";

const EVERYONE = [...PARTNERS, ...SERVERS_ONLY_PARTNERS];
const domainsOf = (peer: Peer) => EVERYONE.filter((one) => one.peer === peer).map(({ domain }) => domain);

/**
 * A company's own server behind our gateway, and one Prosody and one ejabberd outside, each playing a partner of every
 * type by every method.
 */
export async function runMatrix(): Promise<MatrixResult> {
  const release = releaseOf(peerRoot());
  const outside = await PeerRig.open();
  try {
    const place = await outside.place("ejabberd.example");
    const records = domainsOf("ejabberd").flatMap((domain) => serverRecords({ ...place, domain }));
    const [domain = "", ...additionalDomains] = domainsOf("prosody");
    const company = await Company.open({ partners: EVERYONE.map(rowOf), accounts: ["alice"] }, [
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

function rowOf({ domain, partnerType, method }: MatrixPartner) {
  const { tls, sasl, dialback } = METHODS[method];
  return { domain, partnerType, tlsNegotiation: tls, saslNegotiation: sasl, supportDialbackNegotiation: dialback };
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
  const partners = await allOf(
    PARTNERS.map(async (partner): Promise<PartnerResult> => {
      const theirs = await login(partner);
      const cells = await tellStory(ours, theirs, partner.partnerType);
      const streams = await company.federation.gateway.streams(partner.domain);
      await theirs.close();
      const methods = new Set(streams.map(({ direction, method }) => `${direction} ${method}`));
      return { ...partner, cells, streams: [...methods].sort().join(", ") };
    }),
  );
  const root = peerRoot();
  return {
    versions: { prosody: root.version("prosody"), ejabberd: root.version("ejabberd") },
    partners,
    serverAuthOnly,
  };
}

function releaseOf({ release }: PeerRoot): Release {
  const known = RELEASES.find((one) => one === release);
  if (known !== undefined) return known;
  throw new PeerRigError(
    "peers-unavailable",
    `the matrix is not written for the servers of Debian ${release}; expected one of ${RELEASES.join(", ")}: set XMPP_EDGE_PEER_RELEASE, or add the release to test/peers/matrix/cells.ts`,
  );
}

/** As public authorities issue them now. The gateway has such a one from the start. */
async function withServersCertificate(
  company: Company,
  login: (partner: MatrixPartner) => Promise<XmppClient>,
): Promise<MatrixResult["serverAuthOnly"]> {
  const ours = await company.login(alice);
  const attempt = async (peer: Peer, method: ServersMethod): Promise<string> => {
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
  const attempts = async (peer: Peer) => ({
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

/** As Promise.all, but none is still under way when one has failed. */
async function allOf<T>(running: readonly Promise<T>[]): Promise<T[]> {
  const ended = await Promise.allSettled(running);
  return ended.map((one) => {
    if (one.status === "rejected") throw one.reason;
    return one.value;
  });
}
