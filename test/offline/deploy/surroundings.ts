import { chown, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseTsigKey, rfc2136Host } from "../../../src/dns/host";
import type { HostRecord } from "../../../src/dns/host/dns-host";
import { type Knot, startKnot } from "../../peers/rig/knot";
import { Podman } from "../../peers/rig/podman";
import { freePort } from "../../peers/rig/ports";
import type { Prosody } from "../../peers/rig/prosody";
import { type Registry, startRegistry } from "../../peers/rig/registry";
import { PeerRig } from "../../peers/rig/rig";
import { serverRecords, type Unbound } from "../../peers/rig/unbound";
import { lifeline, WatchedProcess } from "../../peers/rig/watched-process";
import type { XmppClient } from "../../peers/rig/xmpp-client";
import type { StateObject } from "./cdktf-project";
import { DeployError } from "./deploy-error";
import { type HostUnit, type Lab, unitInLab } from "./host-unit";

/** A partner with its server and a user of it. */
export interface Partner {
  readonly domain: string;
  readonly prosody: Prosody;
  readonly juliet: XmppClient;
}

/** Who is called what. */
export interface Names {
  readonly zone: string;
  readonly fqdn: string;
  readonly partners: readonly string[];
}

/**
 * The world around the deploy, of real servers: a name server and resolvers, an image registry, podman, and partners'
 * Prosodies. All of it ends with `close`.
 */
export class Surroundings {
  private constructor(
    readonly rig: PeerRig,
    readonly knot: Knot,
    readonly registry: Registry,
    readonly podman: Podman,
    /** Sees the zone as it is published. */
    readonly publicResolver: Unbound,
    /** Sees the gateway's container where the public address of the edge would be: asked by gateway and partners. */
    readonly labResolver: Unbound,
    /** The gateway's own. */
    readonly address: string,
    readonly partners: readonly Partner[],
  ) {}

  static async open({ zone, fqdn, partners }: Names): Promise<Surroundings> {
    const rig = await PeerRig.open();
    try {
      for (const name of ["knot", "docker-registry", "podman", "runc"]) rig.witness(name);
      const place = async (preferred: number) => {
        const address = rig.network.address();
        return { address, port: await freePort(address, preferred) };
      };
      const knot = await startKnot({ ...(await place(5300)), zones: { [zone]: [] } });
      rig.own(knot, () => knot.stop());
      const registry = await startRegistry(await place(5000));
      rig.own(registry, () => registry.stop());
      const podman = await Podman.open({ plainRegistries: [registry.host] });
      rig.own(podman, () => podman.close());
      const stubZones = [{ zone, address: knot.address, port: knot.port }];
      const places = await Promise.all(partners.map((domain) => rig.place(domain)));
      const address = rig.network.address();
      const publicResolver = await rig.startUnbound({ stubZones });
      const labResolver = await rig.startUnbound({
        stubZones,
        records: [...places.flatMap(serverRecords), `${fqdn}. A ${address}`],
      });
      const running = await Promise.all(
        places.map(async (place) => {
          const options = { mode: "external", resolver: labResolver, accounts: ["juliet"] } as const;
          const prosody = await rig.startProsody(place, options);
          return { domain: place.domain, prosody, juliet: await rig.login(prosody, "juliet") };
        }),
      );
      return new Surroundings(rig, knot, registry, podman, publicResolver, labResolver, address, running);
    } catch (error) {
      await rig.close();
      throw error;
    }
  }

  partner(domain: string): Partner {
    return this.partners.find((one) => one.domain === domain) as Partner;
  }

  /** Does what Route 53 would have done with the records of the state: knot serves them from then on. */
  async publish(state: readonly StateObject[]): Promise<number> {
    const records = state
      .filter(({ type }) => type === "aws_route53_record")
      .flatMap(({ values }) => recordsOf(values as unknown as RecordSet));
    const host = rfc2136Host({ server: this.knot, key: parseTsigKey(this.knot.tsigKey), now: Date.now });
    await host.publish(records);
    return records.length;
  }

  /** Runs the unit's own command line in podman; the surroundings end what runs. */
  async start(unit: HostUnit, environment: Lab["environment"]): Promise<WatchedProcess> {
    await mkdir(join(this.podman.work, "data"));
    await writeFile(join(this.podman.work, "anchors.pem"), this.rig.authority.caPem);
    await chown(join(this.podman.work, "anchors.pem"), 0, 0);
    const { address, port } = this.labResolver;
    const { prepare, start } = unitInLab(unit, {
      listen: this.address,
      data: this.podman.inside("data"),
      anchors: this.podman.inside("anchors.pem"),
      resolver: `${address}:${port}`,
      admin: `${this.address}:0`,
      environment,
    });
    const prepared = new WatchedProcess("ExecStartPre", this.podman.enter(prepare));
    const how = await prepared.exited;
    if (how !== "exit code 0") throw new DeployError("ExecStartPre", `${how}: ${prepared.tail()}`);
    return new WatchedProcess("the unit's podman", [...lifeline, ...this.podman.enter(start)]);
  }

  close(): Promise<void> {
    return this.rig.close();
  }
}

interface RecordSet {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly records: readonly string[];
}

/** Single records out of a record set as Terraform has it. */
function recordsOf({ name, type, ttl, records }: RecordSet): HostRecord[] {
  return records.flatMap((value): HostRecord[] => {
    const owner = name.replace(/\.$/, "");
    if (type === "A" || type === "AAAA") return [{ owner, ttl, type, address: value }];
    const [priority = "", weight = "", port = "", target = ""] = value.split(" ");
    const numbers = { priority: Number(priority), weight: Number(weight), port: Number(port) };
    // A record of another type proves the certificate's names to ACM, which is a stand-in.
    return type === "SRV" ? [{ owner, ttl, type, ...numbers, target: target.replace(/\.$/, "") }] : [];
  });
}
