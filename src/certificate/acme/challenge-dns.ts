import { DnsHostError } from "../../dns/host";
import { ask, zoneOfMessage } from "../../dns/host/name-server";
import { comparable, formatServerAddress, type ServerAddress } from "../../dns/resolver";
import { AcmeError } from "./acme-error";
import type { TxtRecord } from "./acme-state";
import { eachOf } from "./each-of";

/** A name server, and the zone it is asked about instead of those that the delegation names; without zone: all. */
export interface NamedServer extends ServerAddress {
  readonly zone?: string;
}

export interface ChallengeDnsOptions {
  /** Resolvers that find aliases, zones and their name servers. */
  readonly resolvers: readonly ServerAddress[];
  /** Asked instead of the delegation's name servers: split or private DNS. */
  readonly nameServers?: readonly NamedServer[];
  /** Milliseconds that records may take to show. */
  readonly patience: number;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly now: () => number;
  readonly signal?: AbortSignal | undefined;
}

/** Aliases that are followed after one another; validators stop about there too. */
const MAXIMUM_ALIASES = 8;
/** Name servers of one zone that are asked. */
const MAXIMUM_SERVERS = 13;
/** Questions under way at once. */
const AT_ONCE = 8;
const LONGEST_PAUSE = 5_000;

/** The DNS as an ACME server will see it: where a challenge's record belongs, and whether it shows there. */
export class ChallengeDns {
  readonly #servers = new Map<string, Promise<readonly ServerAddress[]>>();

  constructor(private readonly options: ChallengeDnsOptions) {}

  /**
   * Where the TXT record of a name has to be: at `_acme-challenge.NAME` (RFC 8555 section 8.4), or where a CNAME
   * there leads, such as into a zone delegated for this alone.
   */
  async owner(name: string): Promise<string> {
    const start = `_acme-challenge.${name.replace(/^\*\./, "")}`;
    let owner = start;
    for (let hops = 0; hops <= MAXIMUM_ALIASES; hops++) {
      const { answers } = await this.#ask(owner, "CNAME");
      const alias = answers.find((record) => record.type === "CNAME" && comparable(record.name) === owner);
      if (alias?.type !== "CNAME") return owner;
      owner = comparable(alias.data);
    }
    throw new AcmeError(
      "acme-propagation",
      `more than ${MAXIMUM_ALIASES} aliases follow one another at ${start}`,
      "let the CNAME lead to its target directly, and not in a circle",
    );
  }

  /**
   * Resolves when every authoritative server that answers has every record, and at least half of them answer.
   * @throws AcmeError `acme-propagation` with what is missing where
   */
  async shown(records: readonly TxtRecord[]): Promise<void> {
    const deadline = this.options.now() + this.options.patience;
    let left = records;
    for (let pause = 200; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      const missing = new Map<TxtRecord, string>();
      await eachOf(left, AT_ONCE, async (record) => {
        const found = await this.#missing(record);
        if (found !== undefined) missing.set(record, found);
      });
      if (missing.size === 0) return;
      left = [...missing.keys()];
      if (this.options.signal?.aborted || this.options.now() >= deadline) {
        const [[record, found] = [undefined, ""]] = missing;
        throw new AcmeError(
          "acme-propagation",
          `the TXT record at ${record?.owner} does not show: ${found}${missing.size > 1 ? `; and ${missing.size - 1} more` : ""}`,
          "see that the zone's servers take over changes from the host that they are published at, and allow more time by --propagation-timeout",
        );
      }
      await this.options.sleep(pause);
    }
  }

  async #missing(record: TxtRecord): Promise<string | undefined> {
    let servers: readonly ServerAddress[];
    try {
      servers = await this.#serversOf(record.owner);
    } catch (error) {
      if (error instanceof DnsHostError) return error.message;
      throw error;
    }
    let silent = 0;
    for (const server of servers) {
      try {
        const { answers } = await ask({ name: record.owner, type: "TXT" }, server, {
          recursion: false,
          ...this.#signal(),
        });
        const shows = answers.some(
          (answer) =>
            answer.type === "TXT" && comparable(answer.name) === record.owner && text(answer.data) === record.text,
        );
        if (!shows) return `${formatServerAddress(server)} does not have it`;
      } catch (error) {
        if (!(error instanceof DnsHostError)) throw error;
        silent++;
      }
    }
    return silent * 2 > servers.length ? `${silent} of its ${servers.length} name servers give no answer` : undefined;
  }

  #serversOf(owner: string): Promise<readonly ServerAddress[]> {
    const named = this.#named(owner);
    if (named.length > 0) return Promise.resolve(named);
    const parent = owner.slice(owner.indexOf(".") + 1);
    const known = this.#servers.get(parent);
    if (known !== undefined) return known;
    const found = this.#delegated(owner);
    this.#servers.set(parent, found);
    found.catch(() => this.#servers.delete(parent));
    return found;
  }

  /** The servers that the caller named for the deepest zone around a name. */
  #named(name: string): readonly NamedServer[] {
    const fitting = (this.options.nameServers ?? []).filter(
      ({ zone }) => zone === undefined || name === zone || name.endsWith(`.${zone}`),
    );
    const deepest = Math.max(...fitting.map(({ zone = "" }) => zone.length));
    return fitting.filter(({ zone = "" }) => zone.length === deepest);
  }

  async #delegated(owner: string): Promise<readonly ServerAddress[]> {
    const zone = zoneOfMessage(await this.#ask(owner, "SOA"), owner);
    if (zone === undefined) throw new DnsHostError("dns-host-zone", `no zone is found for ${owner}`, "delegate it");
    const { answers } = await this.#ask(zone, "NS");
    const hosts = answers.flatMap((record) => (record.type === "NS" ? [record.data] : [])).slice(0, MAXIMUM_SERVERS);
    const addresses: ServerAddress[] = [];
    for (const host of hosts)
      for (const type of ["A", "AAAA"] as const)
        for (const record of (await this.#ask(host, type)).answers)
          if (record.type === type) addresses.push({ address: record.data as string, port: 53 });
    if (addresses.length === 0)
      throw new DnsHostError(
        "dns-host-zone",
        `the zone ${zone} has no name server with an address`,
        "mend its NS records",
      );
    return addresses.slice(0, 2 * MAXIMUM_SERVERS);
  }

  /** The first server that answers: the one named for the zone, else a resolver. */
  async #ask(name: string, type: "A" | "AAAA" | "CNAME" | "NS" | "SOA") {
    const named = this.#named(name);
    const servers = named.length > 0 ? named : this.options.resolvers;
    let last: unknown = new DnsHostError("dns-host-unreachable", "no DNS resolver is known", "give one by --resolver");
    for (const server of servers) {
      try {
        return await ask({ name, type }, server, { recursion: named.length === 0, ...this.#signal() });
      } catch (error) {
        if (!(error instanceof DnsHostError)) throw error;
        last = error;
      }
    }
    throw last;
  }

  #signal(): { signal?: AbortSignal } {
    return this.options.signal === undefined ? {} : { signal: this.options.signal };
  }
}

const text = (data: string | Buffer | (string | Buffer)[]) =>
  [data]
    .flat()
    .map((part) => (typeof part === "string" ? part : part.toString("latin1")))
    .join("");
