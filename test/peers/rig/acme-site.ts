import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ChallengeDns } from "../../../src/certificate/acme/challenge-dns";
import { dnsAnswerer } from "../../../src/certificate/acme/dns-answerer";
import type { ObtainOptions } from "../../../src/certificate/acme/obtain-options";
import { openCertificateStore } from "../../../src/certificate/store/certificate-store";
import { parseTsigKey, rfc2136Host } from "../../../src/dns/host";
import { type Knot, startKnot } from "./knot";
import { PATIENCE } from "./patience";
import { type Pebble, type PebbleOptions, startPebble } from "./pebble";
import { freePort } from "./ports";
import { PeerRig } from "./rig";

export interface SiteOptions extends Omit<PebbleOptions, "authority" | "dnsServer"> {
  /** Zone file lines by zone. Default: `contoso.example`, empty. */
  readonly zones?: Readonly<Record<string, readonly string[]>>;
  /** True: the ACME server asks a resolver, which asks the name server. Default: it asks the name server itself. */
  readonly resolver?: boolean;
}

/** A real ACME server, a real name server that it validates against, and folders for stores. */
export class AcmeSite {
  private constructor(
    readonly rig: PeerRig,
    readonly knot: Knot,
    readonly pebble: Pebble,
    /** How much faster than for real we wait for it. */
    private readonly haste: number,
  ) {}

  static async open(options: SiteOptions = {}): Promise<AcmeSite> {
    const { zones = { "contoso.example": [] }, resolver = false, ...pebbleOptions } = options;
    const rig = await PeerRig.open();
    const address = rig.network.address();
    const knot = await startKnot({ address, port: await freePort(address, 5300), zones });
    rig.own(knot, () => knot.stop());
    rig.witness("knot");
    const stubZones = Object.keys(zones).map((zone) => ({ zone, address, port: knot.port }));
    const dnsServer = resolver ? await rig.startUnbound({ stubZones }) : knot;
    const pebble = await startPebble({ authority: rig.authority, dnsServer, ...pebbleOptions });
    rig.own(pebble, () => pebble.stop());
    rig.witness("pebble");
    // A CA that validates at once need not be waited for as long as a real one.
    return new AcmeSite(rig, knot, pebble, options.unruly ? 1 : 10);
  }

  /** A folder for a store; gone with the site. */
  folder(): string {
    const folder = mkdtempSync(join(tmpdir(), "xmpp-edge-acme-"));
    this.rig.own(folder, async () => rmSync(folder, { recursive: true, force: true }));
    return join(folder, "store");
  }

  get host() {
    return rfc2136Host({ server: this.knot, key: parseTsigKey(this.knot.tsigKey), now: Date.now });
  }

  /** What `obtain` needs, for a store of that folder. */
  options(folder: string, names: readonly string[]): ObtainOptions {
    const sleep = (time: number) => new Promise<void>((done) => setTimeout(done, time / this.haste));
    return {
      account: { directory: this.pebble.directory, agreeTerms: true, anchorsPem: this.rig.authority.caPem },
      names,
      key: { type: "ECDSA", bits: 256 },
      answerer: dnsAnswerer({
        host: this.host,
        dns: new ChallengeDns({ resolvers: [], nameServers: [this.knot], patience: PATIENCE, sleep, now: Date.now }),
      }),
      store: openCertificateStore(folder),
      timeout: 2 * PATIENCE,
      now: Date.now,
      sleep,
    };
  }

  close(): Promise<void> {
    return this.rig.close();
  }
}
