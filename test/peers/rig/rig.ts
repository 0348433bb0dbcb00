import { type Ejabberd, type EjabberdOptions, startEjabberd } from "./ejabberd";
import { type Jabberd2, type Jabberd2Options, startJabberd2 } from "./jabberd2";
import { peerRoot } from "./peer-root";
import { type IssueOptions, TestAuthority } from "./pki";
import { freePort, LoopbackNetwork } from "./ports";
import { accountPassword, type Prosody, type ProsodyOptions, startProsody } from "./prosody";
import { startUnbound, type Unbound, type UnboundOptions } from "./unbound";
import { XmppClient } from "./xmpp-client";

/** Where a server of one domain listens. */
export interface ServerPlace {
  readonly domain: string;
  readonly address: string;
  readonly s2sPort: number;
  readonly c2sPort: number;
}

type ProsodyChoice = Pick<
  ProsodyOptions,
  "additionalDomains" | "mode" | "accounts" | "resolver" | "modules" | "extra"
> &
  Partial<Pick<ProsodyOptions, "certificates">>;

type EjabberdChoice = Pick<EjabberdOptions, "additionalDomains" | "mode" | "accounts" | "resolver" | "hosts"> &
  Partial<Pick<EjabberdOptions, "certificates" | "modules" | "maxRetryDelay" | "logLevel" | "schedulers">>;

/**
 * The surroundings of one test file: addresses of its own, one certificate authority, and every server and client
 * that the file started. `close` in afterAll ends them all, last started first.
 *
 * @example
 * const rig = await PeerRig.open();
 * const place = await rig.place("partner.example");
 * const resolver = await rig.startUnbound({
 *   records: serverRecords(place), // the partner's zone; ours is asked for at our own name server
 *   stubZones: [{ zone: "contoso.example", address: nameServer.address, port: nameServer.port }],
 * });
 * const prosody = await rig.startProsody(place, { mode: "external", resolver, accounts: ["juliet"] });
 * const juliet = await rig.login(prosody, "juliet");
 * juliet.message("alice@contoso.example", "hello");
 */
export class PeerRig {
  private readonly owned: (() => Promise<void>)[] = [];
  /** Packages of the servers that ran. */
  private readonly witnesses = new Set<string>();

  private constructor(
    readonly network: LoopbackNetwork,
    readonly authority: TestAuthority,
  ) {}

  static async open(): Promise<PeerRig> {
    return new PeerRig(await LoopbackNetwork.claim(), await TestAuthority.create());
  }

  /** An address of its own for a domain's server, with the usual ports where they are free. */
  async place(domain: string): Promise<ServerPlace> {
    const address = this.network.address();
    return { domain, address, s2sPort: await freePort(address, 5269), c2sPort: await freePort(address, 5222) };
  }

  /** An address of its own for a name server. */
  async nameServerPlace(): Promise<{ readonly address: string; readonly port: number }> {
    const address = this.network.address();
    return { address, port: await freePort(address, 5300) };
  }

  /** A resolver at an address of its own. */
  async startUnbound(
    options: Omit<UnboundOptions, "address" | "port"> & Partial<Pick<UnboundOptions, "port">>,
  ): Promise<Unbound> {
    this.witnesses.add("unbound");
    const unbound = await startUnbound({ ...(await this.nameServerPlace()), ...options });
    return this.own(unbound, () => unbound.stop());
  }

  /** A Prosody at its place; its certificate, unless given, is issued here for its domain and `xmpp.<domain>`. */
  async startProsody(place: ServerPlace, choice: ProsodyChoice): Promise<Prosody> {
    this.witnesses.add("prosody");
    const certificates = choice.certificates ?? (await this.issueFor(place.domain));
    const prosody = await startProsody({ ...place, ...choice, certificates });
    return this.own(prosody, () => prosody.stop());
  }

  /** An ejabberd at its place; its certificate, unless given, is issued here for its domain and `xmpp.<domain>`. */
  async startEjabberd(place: ServerPlace, choice: EjabberdChoice): Promise<Ejabberd> {
    this.witnesses.add("ejabberd");
    const certificates = choice.certificates ?? (await this.issueFor(place.domain));
    const ejabberd = await startEjabberd({ ...place, ...choice, certificates });
    return this.own(ejabberd, () => ejabberd.stop());
  }

  /** A jabberd2 at its place, with the certificate that it is given. */
  async startJabberd2(
    place: ServerPlace,
    choice: Pick<Jabberd2Options, "additionalDomains" | "accounts" | "resolver" | "certificates">,
  ): Promise<Jabberd2> {
    this.witnesses.add("jabberd2");
    const routerPort = await freePort(place.address, 5347);
    const jabberd2 = await startJabberd2({ ...place, ...choice, routerPort });
    return this.own(jabberd2, () => jabberd2.stop());
  }

  issueFor(domain: string, options: Omit<IssueOptions, "names"> = {}) {
    return this.authority.issue({ names: [domain, `xmpp.${domain}`], ...options });
  }

  /** Logs an account of that server in. */
  async login(server: ServerPlace, account: string): Promise<XmppClient> {
    const { address, c2sPort: port, domain } = server;
    const client = await XmppClient.login({ address, port, jid: `${account}@${domain}`, password: accountPassword });
    return this.own(client, () => client.close());
  }

  /** Remembers that a server of that package ran, started by the file itself. */
  witness(packageName: string): void {
    this.witnesses.add(packageName);
  }

  /** Takes charge of ending something else that the file started. */
  own<T>(thing: T, end: () => Promise<void>): T {
    this.owned.push(end);
    return thing;
  }

  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (const end of this.owned.splice(0).reverse()) {
      await end().catch((error: unknown) => failures.push(error));
    }
    await this.network.release();
    announce(this.witnesses);
    if (failures.length > 0) throw new AggregateError(failures, "some of the rig's servers did not end well");
  }
}

const announced = new Set<string>();

/** Says, once a test file, which real servers it ran against. */
function announce(packages: ReadonlySet<string>): void {
  const root = peerRoot();
  const versions = [...packages].filter((name) => !announced.has(name)).map((name) => `${name} ${root.version(name)}`);
  for (const name of packages) announced.add(name);
  if (versions.length > 0) process.stderr.write(`peers that ran: ${versions.join(", ")}\n`);
}
