import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EdgeInput } from "../../../src/definition";
import { opensslCa, textOf } from "../../cli/certificate/openssl-ca";
import { program } from "../rig/gateway";
import { type Knot, startKnot } from "../rig/knot";
import { PeerRig } from "../rig/rig";
import { startUnbound } from "../rig/unbound";
import { lifeline, WatchedProcess } from "../rig/watched-process";
import { makeWorkFolder } from "../rig/work-folder";
import type { XmppClient } from "../rig/xmpp-client";

export const ourDomain = "contoso.example";
export const host = `edge.${ourDomain}`;
export const partner = "partner.example";
const ours = "11.6.0.1";
const theirs = "11.6.0.2";
/** An address where nobody is. */
export const nobody = "11.6.0.3";
const names = "11.0.2.1";
const resolver = { address: "127.0.53.1", port: 53 };

const openssl = (...args: readonly string[]) => execFileSync("openssl", args, { stdio: ["ignore", "pipe", "pipe"] });
const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"];

/** The servers around our edge: knot with an empty zone of ours, unbound, and Prosody as the partner. */
export class Site {
  readonly #log: string[] = [];
  #gateway: WatchedProcess | undefined;

  private constructor(
    private readonly rig: PeerRig,
    private readonly work: string,
    readonly knot: Knot,
    readonly juliet: XmppClient,
  ) {}

  static async open(): Promise<Site> {
    const rig = await PeerRig.open();
    rig.witness("knot");
    const work = await makeWorkFolder();
    const knot = await startKnot({
      address: names,
      port: 53,
      zones: {
        [ourDomain]: [],
        [partner]: [
          `_xmpp-server._tcp.${partner}. 60 IN SRV 0 5 5269 xmpp.${partner}.`,
          `xmpp.${partner}. 60 IN A ${theirs}`,
        ],
      },
    });
    rig.own(knot, () => knot.stop());
    const unbound = await startUnboundAt(rig);
    writeFileSync(join(work, "tsig.key"), knot.tsigKey, { mode: 0o600 });
    const ca = opensslCa(join(work, "ca"));
    writeFileSync(join(work, "anchors.pem"), rig.authority.caPem + textOf(ca.rootFile));
    const issued = await rig.issueFor(partner);
    const prosody = await rig.startProsody(
      { domain: partner, address: theirs, s2sPort: 5269, c2sPort: 5222 },
      {
        mode: "external",
        resolver: unbound,
        accounts: ["juliet"],
        certificates: { ...issued, caPem: issued.caPem + textOf(ca.rootFile) },
      },
    );
    const site = new Site(rig, work, knot, await rig.login(prosody, "juliet"));
    site.#makeIntermediate(ca.rootFile);
    return site;
  }

  file(name: string): string {
    return join(this.work, name);
  }

  /** Writes the definition; with another row for the partner than the one that both speak. */
  define(row: object = { tlsNegotiation: "Required", saslNegotiation: "Required" }): string {
    const definition: EdgeInput = {
      name: "contoso",
      accessEdge: { fqdn: host, addresses: [ours] },
      domains: [{ name: ourDomain }],
      certificate: { key: { type: "ECDSA" } },
      internal: { kind: "sandbox", users: [] },
      partners: [{ domain: partner, partnerType: "Federated", ...row }],
      dns: { kind: "rfc2136", server: `${names}:53`, tsigKeyFile: this.file("tsig.key"), ttl: 60 },
    };
    writeFileSync(this.file("edge.json"), JSON.stringify(definition));
    return this.file("edge.json");
  }

  /** Whom `dns verify` asks, and whom it trusts. */
  get asked(): string[] {
    return [
      ...["--name-server", `${names}:53`, "--resolver", `${resolver.address}:${resolver.port}`],
      ...["--trust-anchors", this.file("anchors.pem")],
    ];
  }

  /** Signs a request by the intermediate CA: the certificate's file. */
  sign(request: string, name: string): string {
    const by = ["-CA", this.file("mid.pem"), "-CAkey", this.file("mid.key"), "-extfile", this.file("leaf.ext")];
    openssl("x509", "-req", "-in", request, ...by, "-days", "80", "-out", this.file(name));
    return this.file(name);
  }

  /** Starts our gateway, in the place of the one that runs. */
  async startGateway(...certificate: readonly string[]): Promise<void> {
    await this.#gateway?.stop();
    const gateway = new WatchedProcess("gateway", [
      ...lifeline,
      process.execPath,
      program(),
      ...["run", this.file("edge.json"), "--listen", `${ours}:5269`, ...certificate],
      ...["--trust-anchors", this.file("anchors.pem"), "--resolver", `${resolver.address}:${resolver.port}`],
      ...["--state", this.file("state"), "--admin", "127.0.0.1:0"],
    ]);
    this.#gateway = gateway;
    this.rig.own(gateway, () => gateway.stop());
    await gateway.waitForLog(/"ready":true/, { timeout: 60_000 });
    this.#log.push(...gateway.log);
  }

  /** Starts it with a certificate of the same CA, and without the CA's own. */
  async startWithoutIntermediate(): Promise<void> {
    const [key, request] = [this.file("alone.key"), this.file("alone.csr")];
    openssl("req", ...newKey, "-subj", `/CN=${host}`, "-keyout", key, "-out", request);
    await this.startGateway("--certificate", this.sign(request, "alone.pem"), "--key", key);
  }

  /** A message to our echo and back. */
  async echo(body: string): Promise<string> {
    const echo = `echo@${ourDomain}`;
    this.juliet.message(echo, body);
    await this.juliet.waitForMessage(echo, body);
    return body;
  }

  get log(): string {
    return [...this.#log, ...(this.#gateway?.log ?? [])].join("\n");
  }

  close(): Promise<void> {
    return this.rig.close();
  }

  /** Leaves below it say nothing to whoever is not given its certificate as well. */
  #makeIntermediate(rootFile: string): void {
    const file = (name: string) => this.file(name);
    writeFileSync(file("ca.ext"), "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n");
    writeFileSync(
      file("leaf.ext"),
      `basicConstraints=critical,CA:FALSE\nsubjectAltName=DNS:${host},DNS:${ourDomain}\n`,
    );
    openssl("req", ...newKey, "-subj", "/CN=Intermediate", "-keyout", file("mid.key"), "-out", file("mid.csr"));
    const by = ["-CA", rootFile, "-CAkey", rootFile.replace(/pem$/, "key"), "-extfile", file("ca.ext")];
    openssl("x509", "-req", "-in", file("mid.csr"), ...by, "-days", "90", "-out", file("mid.pem"));
  }
}

async function startUnboundAt(rig: PeerRig) {
  rig.witness("unbound");
  const stubZones = [ourDomain, partner].map((zone) => ({ zone, address: names, port: 53 }));
  const unbound = await startUnbound({ ...resolver, stubZones });
  return rig.own(unbound, () => unbound.stop());
}
