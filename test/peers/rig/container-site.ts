import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { defineEdge, type EdgeInput, facts, localRun, parseDefinition } from "../../../src/definition";
import { serveRecords } from "../../../src/dns/server";
import { buildImage } from "../../../src/gateway/image";
import { pushImage } from "../../../src/gateway/image/registry";
import { buildAnotherRelease } from "./another-release";
import { ContainerGateway } from "./container-gateway";
import { alice, bob, ourDomain } from "./federation";
import { program } from "./gateway";
import { Podman } from "./podman";
import { freePort } from "./ports";
import type { Prosody } from "./prosody";
import { startRegistry } from "./registry";
import { PeerRig, type ServerPlace } from "./rig";
import { serverRecords, type Unbound } from "./unbound";
import { makeWorkFolder } from "./work-folder";
import type { XmppClient } from "./xmpp-client";

type Partner = NonNullable<EdgeInput["partners"]>[number];

/** A program image in the site's registry. */
export interface Release {
  readonly version: string;
  readonly digest: string;
  /** `registry/name@sha256:…`, as a host's unit names it; pulled already. */
  readonly reference: string;
}

/**
 * Our gateway in containers, with two releases of its image in a registry, and a Prosody a partner domain; they find
 * each other by DNS alone. The gateway is prepared and not started.
 */
export class ContainerSite {
  private constructor(
    readonly rig: PeerRig,
    readonly gateway: ContainerGateway,
    readonly releases: readonly [Release, Release],
    private readonly resolver: Unbound,
    private readonly places: ReadonlyMap<string, ServerPlace>,
    private readonly prosodies: Map<string, Prosody>,
  ) {}

  /** @param partners those whose Prosody runs from the beginning are named in `running` */
  static async open(partners: readonly Partner[], running: readonly string[]): Promise<ContainerSite> {
    program(); // the build that goes into the images
    const rig = await PeerRig.open();
    try {
      for (const name of ["docker-registry", "podman", "runc"]) rig.witness(name);
      const place = await rig.place(ourDomain);
      const places = new Map([[ourDomain, place]]);
      for (const { domain } of partners) places.set(domain, await rig.place(domain));
      const names = localRun(defineEdge(edgeOf(partners)), { address: place.address, port: place.s2sPort });
      const zones = await rig.nameServerPlace();
      const zone = await serveRecords({ ...zones, records: names.dns.records });
      rig.own(zone, () => zone.close());
      const resolver = await rig.startUnbound({
        records: partners.flatMap(({ domain }) => serverRecords(places.get(domain)!)),
        stubZones: [{ zone: ourDomain, address: zones.address, port: zone.port }],
      });
      const address = rig.network.address();
      const registry = await startRegistry({ address, port: await freePort(address, 5000) });
      rig.own(registry, () => registry.stop());
      const podman = await Podman.open({ plainRegistries: [registry.host] });
      rig.own(podman, () => podman.close());
      const gateway = await ContainerGateway.prepare({
        ...{ podman, resolver, document: compiled(partners) },
        ...{ address: place.address, s2sPort: place.s2sPort },
        certificates: await rig.authority.issue({ names: names.certificate.names.map(({ name }) => name) }),
      });
      const releases = await publish(rig, podman, `${registry.host}/edge/gateway`);
      const site = new ContainerSite(rig, gateway, releases, resolver, places, new Map());
      await Promise.all(running.map((domain) => site.startProsody(domain)));
      return site;
    } catch (error) {
      await rig.close();
      throw error;
    }
  }

  /** Where a domain's server listens: ours, or a partner's of the first definition. */
  place(domain: string): ServerPlace {
    const place = this.places.get(domain);
    if (place === undefined) throw new Error(`${domain} has no place`);
    return place;
  }

  /** Starts the Prosody of a partner, at the place that DNS tells. */
  async startProsody(domain: string): Promise<Prosody> {
    const place = this.place(domain);
    const options = { mode: "external", resolver: this.resolver, accounts: ["juliet", "romeo"] } as const;
    const prosody = await this.rig.startProsody(place, options);
    this.prosodies.set(domain, prosody);
    return prosody;
  }

  /** Logs a partner's user in. */
  login(jid: string): Promise<XmppClient> {
    const [account = "", domain = ""] = jid.split("@");
    const prosody = this.prosodies.get(domain);
    if (prosody === undefined) throw new Error(`no Prosody plays ${domain}`);
    return this.rig.login(prosody, account);
  }

  /** Puts another list of partners in the place of the document. */
  replacePartners(partners: readonly Partner[], revision: number): Promise<void> {
    return this.gateway.replaceDocument(compiled(partners, revision));
  }

  close(): Promise<void> {
    return this.rig.close();
  }
}

function edgeOf(partners: readonly Partner[]): EdgeInput {
  return {
    name: "contoso",
    accessEdge: { fqdn: `edge.${ourDomain}`, addresses: ["198.51.100.7"] },
    domains: [{ name: ourDomain }],
    internal: { kind: "sandbox", users: [alice, bob] },
    partners: [...partners],
  };
}

/** The gateway document of our definition with those partners. */
function compiled(partners: readonly Partner[], revision?: number): string {
  const input = { ...edgeOf(partners), ...(revision === undefined ? {} : { revision }) };
  const { definition, findings } = parseDefinition(input);
  if (definition === undefined) throw new Error(findings.map(({ rule }) => rule).join("; "));
  return JSON.stringify(facts(definition).gateway);
}

/** Two releases, pushed to the registry and pulled from it by digest. */
async function publish(rig: PeerRig, podman: Podman, repository: string): Promise<[Release, Release]> {
  const work = await makeWorkFolder();
  rig.own(work, () => rm(work, { recursive: true, force: true }));
  const cache = resolve(__dirname, "../../../.cache/image");
  const current = await buildImage({ output: join(work, "layout"), platforms: ["linux/amd64"], cache });
  const version = "99.0.0-another";
  const another = await buildAnotherRelease(work, version);
  const released = async (image: { layout: string; programDigest: string }, version: string): Promise<Release> => {
    const { layout, programDigest: digest } = image;
    const { reference } = await pushImage({ layout, repository, digest });
    await podman.command("pull", "--quiet", reference);
    return { version, digest, reference };
  };
  return [await released(current, "current"), await released(another, version)];
}
