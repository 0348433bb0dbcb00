import { Company } from "../rig/company";
import { alice, ourDomain } from "../rig/federation";
import type { Jabberd2 } from "../rig/jabberd2";
import { peerRoot } from "../rig/peer-root";
import { PeerRig, type ServerPlace } from "../rig/rig";
import { child, type Element } from "../rig/stanza";
import { serverRecords } from "../rig/unbound";
import type { XmppClient } from "../rig/xmpp-client";
import {
  LACKING_PARTNERS,
  type LackingResult,
  type MatrixPartner,
  type MatrixResult,
  METHOD_NAMES,
  PARTNERS,
  type Run,
} from "./cells";
import { allOf, definitionRow, meetPartner } from "./meet-partner";

const MET = PARTNERS.filter(({ peer }) => peer === "jabberd2");
const LACKING = LACKING_PARTNERS.filter(({ peer }) => peer === "jabberd2");
const EVERYONE = [...MET, ...LACKING];

/** It asks name servers at this port alone. */
const DNS_PORT = 53;

/**
 * A company's own server behind our gateway, and outside a jabberd2 for each method, which plays a partner of every type.
 * One for all methods would not do: it sends all its domains over one stream to ours, under TLS or not.
 */
export async function runJabberd2Matrix(release: Run): Promise<MatrixResult> {
  const outside = await PeerRig.open();
  try {
    const sides = await Promise.all(
      METHOD_NAMES.map(async (method) => {
        const domains = EVERYONE.filter((one) => one.method === method).map(({ domain }) => domain);
        return { domains, place: await outside.place(domains[0] ?? "") };
      }),
    );
    const records = sides.flatMap(({ domains, place }) =>
      domains.flatMap((domain) => serverRecords({ ...place, domain })),
    );
    const company = await Company.open({ partners: EVERYONE.map(definitionRow), accounts: ["alice"], records }, []);
    try {
      const servers = await startServers(company, sides);
      return { release, ...(await meet(company, (partner) => login(company, servers, partner))) };
    } finally {
      await company.close();
    }
  } finally {
    await outside.close();
  }
}

interface Side {
  readonly domains: readonly string[];
  readonly place: ServerPlace;
}

async function startServers(company: Company, sides: readonly Side[]): Promise<readonly (Side & Jabberd2)[]> {
  const { rig, gateway } = company.federation;
  const [address = "", port = ""] = (await gateway.status()).listening[0]?.split(":") ?? [];
  const ours = { domain: ourDomain, address, s2sPort: Number(port) };
  const view = await rig.startUnbound({ records: serverRecords(ours), port: DNS_PORT });
  return Promise.all(
    sides.map(async ({ domains, place }) => {
      const certificates = await rig.authority.issue({ names: domains, clientAuth: true });
      const [, ...additionalDomains] = domains;
      const choice = { additionalDomains, accounts: ["juliet"], resolver: view.address, certificates };
      return { ...(await rig.startJabberd2(place, choice)), domains, place };
    }),
  );
}

function login(
  company: Company,
  servers: readonly (Side & Jabberd2)[],
  { domain }: MatrixPartner,
): Promise<XmppClient> {
  const server = servers.find(({ domains }) => domains.includes(domain))!;
  return company.federation.rig.login({ ...server.place, domain }, "juliet");
}

async function meet(
  company: Company,
  loginOf: (partner: MatrixPartner) => Promise<XmppClient>,
): Promise<Omit<MatrixResult, "release">> {
  const ours = await company.login(alice);
  const partners = await allOf(MET.map(async (partner) => meetPartner(company, ours, await loginOf(partner), partner)));
  const lacking = await allOf(LACKING.map(async (partner) => failToMeet(ours, await loginOf(partner), partner)));
  return { versions: { jabberd2: peerRoot().version("jabberd2") }, partners, lacking };
}

/** A message each way, of which nothing arrives. */
async function failToMeet(ours: XmppClient, theirs: XmppClient, partner: MatrixPartner): Promise<LackingResult> {
  const attempt = async (from: XmppClient, to: XmppClient): Promise<string> => {
    const id = `from ${from.jid}`;
    from.message(to.jid, id, { id });
    return reasonOf(await from.waitForError(id));
  };
  const told = { ours: await attempt(ours, theirs), theirs: await attempt(theirs, ours) };
  await theirs.close();
  return { ...partner, told };
}

function reasonOf(stanza: Element): string {
  const error = child(stanza, "error");
  const text = error === undefined ? undefined : child(error, "text")?.text;
  return [error?.children[0]?.name ?? "no condition", ...(text === undefined ? [] : [text])].join(": ");
}
