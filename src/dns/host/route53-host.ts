import type { ChangeBatch, ResourceRecord, ResourceRecordSet, Route53Client } from "@aws-sdk/client-route-53";
import { comparable } from "../resolver";
import { checkRecord, type DnsHost, DnsHostError, type HostRecord, recordText, sameRecord } from "./dns-host";

export interface Route53Options {
  /** Another address of the API, for tests. Default: AWS's own (or AWS_ENDPOINT_URL_ROUTE_53). */
  readonly endpoint?: string;
  /** The hosted zone's id. Default: the deepest public zone that holds the name; that needs ListHostedZonesByName. */
  readonly zoneId?: string;
  /** Waits that many milliseconds. Passed in so that tests need not. */
  readonly sleep?: (milliseconds: number) => Promise<void>;
}

/** Route 53 says PENDING until all its servers have the change; 60 s is what it documents as usual. */
const POLLS = 60;
const POLL_INTERVAL = 3000;
/** Times a change is worked out anew because somebody else changed the set meanwhile. */
const ATTEMPTS = 5;

/**
 * Route 53. It knows whole sets only, so a change replaces the set: DELETE of exactly what was read and CREATE of the
 * new one in one batch, which AWS refuses as a whole where somebody else was faster. So nobody's record is lost.
 * Credentials and region come as for every AWS tool (environment, profile, instance role).
 */
export function route53Host(options: Route53Options = {}): DnsHost {
  const api = lazily(() => new Api(options));
  const change = async (kind: "publish" | "remove", records: readonly HostRecord[]) => {
    for (const record of records) checkRecord(record);
    const sets = new Map<string, HostRecord[]>();
    for (const record of records) {
      const key = `${comparable(record.owner)} ${record.type}`;
      sets.set(key, [...(sets.get(key) ?? []), record]);
    }
    for (const set of sets.values()) await api().change(kind, set);
  };
  return {
    name: "Route 53",
    publish: (records) => change("publish", records),
    remove: (records) => change("remove", records),
    read: async (owner, type) => {
      const found = await api().set(owner, type);
      return (found?.ResourceRecords ?? []).map((raw) => recordOf(raw, found, { owner, type }));
    },
  };
}

class Api {
  #client: Promise<Route53Client> | undefined;

  constructor(private readonly options: Route53Options) {}

  /** Loaded with the first use: the library is large. */
  get #sdk() {
    return import("@aws-sdk/client-route-53");
  }

  #connection(): Promise<Route53Client> {
    const { endpoint } = this.options;
    this.#client ??= this.#sdk.then(
      ({ Route53Client }) =>
        new Route53Client({ region: "us-east-1", maxAttempts: 4, ...(endpoint === undefined ? {} : { endpoint }) }),
    );
    return this.#client;
  }

  async change(kind: "publish" | "remove", records: readonly HostRecord[]): Promise<void> {
    const [first] = records;
    if (first === undefined) return;
    for (let attempt = 1; ; attempt++) {
      const before = await this.set(first.owner, first.type);
      const batch = changeBatch(kind, before, records);
      if (batch === undefined) return;
      try {
        await this.#apply(await this.#zoneId(first.owner), batch);
        return;
      } catch (error) {
        if ((error as Error).name !== "InvalidChangeBatch" || attempt === ATTEMPTS) throw refusal(error as Error);
      }
    }
  }

  async set(owner: string, type: HostRecord["type"]): Promise<ResourceRecordSet | undefined> {
    const [client, { ListResourceRecordSetsCommand }] = [await this.#connection(), await this.#sdk];
    const HostedZoneId = await this.#zoneId(owner);
    const listed = await client
      .send(
        new ListResourceRecordSetsCommand({ HostedZoneId, StartRecordName: owner, StartRecordType: type, MaxItems: 1 }),
      )
      .catch(asRefusal);
    return listed.ResourceRecordSets?.find(
      (set) => comparable(set.Name ?? "") === comparable(owner) && set.Type === type && set.SetIdentifier === undefined,
    );
  }

  async #apply(HostedZoneId: string, ChangeBatch: ChangeBatch): Promise<void> {
    const [client, { ChangeResourceRecordSetsCommand, GetChangeCommand }] = [await this.#connection(), await this.#sdk];
    const { ChangeInfo } = await client.send(new ChangeResourceRecordSetsCommand({ HostedZoneId, ChangeBatch }));
    const sleep = this.options.sleep ?? ((time: number) => new Promise<void>((done) => setTimeout(done, time)));
    let status = ChangeInfo?.Status;
    for (let poll = 0; status !== "INSYNC"; poll++) {
      if (poll === POLLS)
        throw new DnsHostError(
          "dns-host-unreachable",
          `Route 53 has not spread the change in ${(POLLS * POLL_INTERVAL) / 1000} s`,
          "see AWS's health page and try again",
        );
      await sleep(POLL_INTERVAL);
      status = (await client.send(new GetChangeCommand({ Id: ChangeInfo?.Id }))).ChangeInfo?.Status;
    }
  }

  async #zoneId(owner: string): Promise<string> {
    if (this.options.zoneId !== undefined) return this.options.zoneId;
    const [client, { ListHostedZonesByNameCommand }] = [await this.#connection(), await this.#sdk];
    const labels = comparable(owner).split(".");
    for (let from = 0; from < labels.length - 1; from++) {
      const name = labels.slice(from).join(".");
      const { HostedZones = [] } = await client
        .send(new ListHostedZonesByNameCommand({ DNSName: name, MaxItems: 10 }))
        .catch(asRefusal);
      const zone = HostedZones.find((one) => comparable(one.Name ?? "") === name && one.Config?.PrivateZone !== true);
      if (zone?.Id !== undefined) return zone.Id.replace(/^\/hostedzone\//, "");
    }
    throw new DnsHostError(
      "dns-host-zone",
      `this account has no public hosted zone that holds ${owner}`,
      "give credentials of the account that has it, or delegate the name to a zone of this account",
    );
  }
}

/** The set as it will be; undefined where nothing changes. */
function changeBatch(
  kind: "publish" | "remove",
  before: ResourceRecordSet | undefined,
  records: readonly HostRecord[],
): ChangeBatch | undefined {
  const [first] = records;
  if (first === undefined) return undefined;
  // Others' values stay in AWS's own writing, whatever of it we would not read.
  const there = (before?.ResourceRecords ?? []).map((raw) => ({ raw, record: recordOf(raw, before, first) }));
  const isThere = (record: HostRecord) => there.some((one) => sameRecord(one.record, record));
  const values =
    kind === "publish"
      ? [
          ...there.map(({ raw }) => raw),
          ...records.filter((record) => !isThere(record)).map((record) => ({ Value: recordText(record) })),
        ]
      : there.filter(({ record }) => !records.some((one) => sameRecord(one, record))).map(({ raw }) => raw);
  if (values.length === there.length) return undefined;
  const create: ResourceRecordSet = {
    Name: first.owner,
    Type: first.type,
    TTL: before?.TTL ?? first.ttl,
    ResourceRecords: values,
  };
  return {
    Comment: "xmpp-edge",
    Changes: [
      ...(before === undefined ? [] : [{ Action: "DELETE" as const, ResourceRecordSet: before }]),
      ...(values.length === 0 ? [] : [{ Action: "CREATE" as const, ResourceRecordSet: create }]),
    ],
  };
}

function recordOf(
  { Value = "" }: ResourceRecord,
  set: ResourceRecordSet | undefined,
  { owner, type }: Pick<HostRecord, "owner" | "type">,
): HostRecord {
  return { owner, ttl: set?.TTL ?? 0, ...dataOf(type, Value) } as HostRecord;
}

function dataOf(type: HostRecord["type"], value: string): object {
  const unquoted = (text: string) =>
    [...text.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, part = ""]) => part.replace(/\\(.)/g, "$1")).join("");
  switch (type) {
    case "TXT":
      return { type, text: unquoted(value) };
    case "SRV": {
      const [priority, weight, port, target = ""] = value.split(" ");
      return {
        type,
        priority: Number(priority),
        weight: Number(weight),
        port: Number(port),
        target: target.replace(/\.$/, ""),
      };
    }
    case "CAA": {
      const [flags, tag] = value.split(" ");
      return { type, flags: Number(flags), tag, value: unquoted(value) };
    }
    default:
      return { type, address: value };
  }
}

const asRefusal = (error: Error): never => {
  throw refusal(error);
};

function refusal(error: Error): Error {
  if (error instanceof DnsHostError) return error;
  return new DnsHostError(
    "dns-host-refused",
    `Route 53: ${error.name}: ${error.message}`,
    "see that the credentials may list the zone's records and change those of these names",
    { cause: error },
  );
}

function lazily<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
