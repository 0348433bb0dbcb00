import { accountPassword } from "../test/peers/rig/prosody";
import type { PeerRig } from "../test/peers/rig/rig";
import { LoadProcess } from "./load/load-process";
import type { Inside, Method, PartnerCredentials } from "./load/protocol";
import type { InnerServer, MeasuredServer, RunningServer, ServerSettings } from "./servers/server";

const DOMAIN = "contoso.example";
const PARTNERS = "partners.example";

/** Which partners there are. */
export interface S2sPartners {
  /** Domains that send requests. */
  readonly partners: number;
  /** Domains that only set streams up, each once. */
  readonly newcomers: number;
  /** Domains that are declared and never seen; default none. */
  readonly absent?: number;
}

/** What all rounds share: names, certificates, DNS and addresses. */
export class S2sPlace {
  private constructor(
    readonly settings: ServerSettings,
    private readonly listen: { readonly address: string; readonly port: number },
    private readonly partners: readonly PartnerCredentials[],
    private readonly newcomers: readonly PartnerCredentials[],
  ) {}

  static async prepare(
    rig: PeerRig,
    { partners: senders, newcomers: fresh, absent = 0 }: S2sPartners,
    { method = "external", deliveries = false }: { readonly method?: Method; readonly deliveries?: boolean } = {},
  ): Promise<S2sPlace> {
    const issue = async (domain: string): Promise<PartnerCredentials> => {
      // ejabberd refuses EXTERNAL without clientAuth; the others do not ask.
      const { certPem, keyPem } = await rig.authority.issue({ names: [domain], clientAuth: true });
      return { domain, certPem, keyPem };
    };
    const issueAll = (count: number, prefix: string) =>
      Promise.all(Array.from({ length: count }, (_, index) => issue(`${prefix}${index}.${PARTNERS}`)));
    const partners = await issueAll(senders, "load");
    const newcomers = await issueAll(fresh, "new");
    const load = await rig.place(PARTNERS);
    const partnerHost = { name: `xmpp.${PARTNERS}`, address: load.address };
    const resolver = await rig.startUnbound({
      records: [
        `${partnerHost.name}. A ${load.address}`,
        ...[...partners, ...newcomers].map(
          ({ domain }) => `_xmpp-server._tcp.${domain}. SRV 0 5 ${load.s2sPort} ${partnerHost.name}.`,
        ),
      ],
    });
    const place = await rig.place(DOMAIN);
    const settings: ServerSettings = {
      ...place,
      method,
      certificates: await rig.issueFor(DOMAIN, { clientAuth: true }),
      resolver: { address: resolver.address, port: resolver.port },
      partners: [
        ...[...partners, ...newcomers].map(({ domain }) => domain),
        ...Array.from({ length: absent }, (_, index) => `absent${index}.${PARTNERS}`),
      ],
      partnerHost,
      ...(deliveries ? { inner: await innerServer(rig, partners) } : {}),
    };
    return new S2sPlace(settings, { address: load.address, port: load.s2sPort }, partners, newcomers);
  }

  /** Starts a server and a load in front of it, and ends both after `measure`. */
  async underLoad<T>(
    server: MeasuredServer,
    say: (text: string) => void,
    measure: (load: LoadProcess, running: RunningServer) => Promise<T>,
  ): Promise<T> {
    say("start");
    const running = await server.start(this.settings);
    const load = new LoadProcess();
    try {
      const { address, s2sPort: port, domain } = this.settings;
      await load.call("prepare", {
        target: { address, port, domain },
        serverPid: running.pid,
        listen: this.listen,
        partners: this.partners,
        newcomers: this.newcomers,
        ...insideOf(server, this.settings),
      });
      return await measure(load, running);
    } catch (error) {
      throw new Error(
        `${server.name} under load: ${(error as Error).message}\nIts last lines:\n${running.lastLines()}`,
      );
    } finally {
      await load.stop();
      await running.stop();
    }
  }
}

async function innerServer(rig: PeerRig, partners: readonly PartnerCredentials[]): Promise<InnerServer> {
  const { address, s2sPort: port } = await rig.place("inside.example");
  const names = partners.map(({ domain }) => domain);
  return {
    address,
    port,
    certificate: await rig.issueFor(DOMAIN, { clientAuth: true }),
    gatewayCertificate: await rig.authority.issue({ names, clientAuth: true }),
  };
}

/** What the load plays inside, for a server as it delivers. */
function insideOf({ deliversTo }: MeasuredServer, settings: ServerSettings): { readonly inside?: Inside } {
  const { inner, address, c2sPort: port, domain } = settings;
  if (inner === undefined) return {};
  if (deliversTo === "user") return { inside: { kind: "user", address, port, domain, password: accountPassword } };
  const { certPem, keyPem } = inner.certificate;
  return { inside: { kind: "server", address: inner.address, port: inner.port, domain, certPem, keyPem } };
}
