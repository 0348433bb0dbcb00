import { X509Certificate } from "node:crypto";
import { publicKeyPin } from "../../../src/certificate/peer-identity";
import type { Ejabberd } from "./ejabberd";
import { Federation, type OurSide, ourDomain, type TheirSide } from "./federation";
import { TestAuthority } from "./pki";
import type { Prosody } from "./prosody";
import { PeerRig } from "./rig";
import type { Unbound } from "./unbound";
import type { XmppClient } from "./xmpp-client";

export interface CompanyOptions extends Omit<OurSide, "internal" | "listenInside"> {
  /** Accounts of our own server; default: alice and bob. */
  readonly accounts?: readonly string[];
  /** What our own server is; default: prosody. */
  readonly server?: "prosody" | "ejabberd";
}

/**
 * A company with an XMPP server of its own for `contoso.example`, behind our gateway; and partners outside.
 * Inside, a name server of the company's says that every domain is at the gateway (docs/internal-xmpp.md).
 */
export class Company {
  private constructor(
    readonly federation: Federation,
    /** The company's name server: every domain is at the gateway. */
    readonly view: Unbound,
    /** Our own server. */
    public inside: Prosody | Ejabberd,
    private readonly start: () => Promise<Prosody | Ejabberd>,
  ) {}

  static async open(
    { accounts = ["alice", "bob"], server, ...ours }: CompanyOptions,
    theirs: readonly TheirSide[],
  ): Promise<Company> {
    const rig = await PeerRig.open();
    try {
      const place = await rig.place(ourDomain);
      const gateway = await rig.place("gateway.inside.example");
      const view = await rig.startUnbound({ everyName: gateway.address });
      const domains = theirs.flatMap(({ domain, additionalDomains = [] }) => [domain, ...additionalDomains]);
      const hosts = Object.fromEntries(domains.map((domain) => [domain, gateway.address]));
      const common = { mode: "tls-dialback", accounts, resolver: view } as const;
      // Prosody's certificate is vouched for by an authority, ejabberd's by its key alone.
      const ownAuthority = await TestAuthority.create("An authority that nobody knows");
      const unknown = await ownAuthority.issue({ names: [ourDomain] });
      const trust =
        server === "ejabberd"
          ? { pins: [publicKeyPin(new X509Certificate(unknown.certPem).raw)] }
          : { trustAnchors: [rig.authority.caPem] };
      const start = () =>
        server === "ejabberd"
          ? rig.startEjabberd(place, { ...common, hosts, certificates: unknown })
          : rig.startProsody(place, { ...common, modules: ["offline"] });
      const inside = await start();
      const federation = await Federation.open(
        {
          ...ours,
          internal: {
            kind: "xmpp",
            servers: [{ address: place.address, port: place.s2sPort }],
            ...trust,
          },
          listenInside: { address: gateway.address, port: gateway.s2sPort },
        },
        theirs,
        rig,
      );
      return new Company(federation, view, inside, start);
    } catch (error) {
      await rig.close();
      throw error;
    }
  }

  /** Starts our own server again, at its place; users log in anew. */
  async startInsideAgain(): Promise<void> {
    this.inside = await this.start();
  }

  /** Logs in one of ours, or a partner's user. */
  login(jid: string): Promise<XmppClient> {
    const [account = "", domain] = jid.split("@");
    return domain === ourDomain ? this.federation.rig.login(this.inside, account) : this.federation.login(jid);
  }

  close(): Promise<void> {
    return this.federation.close();
  }
}
