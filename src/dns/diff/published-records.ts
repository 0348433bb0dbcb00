import type { HostRecord } from "../host/dns-host";
import { fromAnswer } from "../host/update-message";
import { comparable, exchange, InFlight } from "../resolver";
import { formatVantage, type Vantage, vantagesFor } from "../vantage";

/** A set of records that is asked for. */
export interface RecordSet {
  readonly owner: string;
  readonly type: HostRecord["type"];
}

/** What one server has at an owner, of a type. */
export interface PublishedSet extends RecordSet {
  /** Who was asked; undefined where nobody could be. */
  readonly vantage?: Vantage;
  /** Undefined where it gave no answer that counts. */
  readonly records?: readonly HostRecord[];
  /** The name that the owner is an alias of. */
  readonly alias?: string;
  /** Why nothing is known. */
  readonly failure?: string;
}

/** Milliseconds for one question, and questions at once to one server. */
const QUESTION_TIMEOUT = 5000;
const PATIENCE = 1500;
const MAX_IN_FLIGHT = 64;

/** Asks every server that a set concerns for it. What a name server does not speak for is not known by it. */
export async function publishedRecords(
  sets: readonly RecordSet[],
  options: { readonly vantages: readonly Vantage[]; readonly timeout: number; readonly signal?: AbortSignal },
): Promise<PublishedSet[]> {
  const { vantages, timeout, signal } = options;
  const deadline = performance.now() + timeout;
  const inFlight = new InFlight(MAX_IN_FLIGHT);
  const read = async (set: RecordSet, vantage: Vantage): Promise<PublishedSet> => {
    const exchanged = await exchange({ name: set.owner, type: set.type }, vantage.server, {
      recursion: vantage.kind === "resolver",
      patience: Math.min(PATIENCE, timeout / 4),
      timeout: Math.min(deadline - performance.now(), QUESTION_TIMEOUT),
      ...(signal !== undefined && { signal }),
    });
    if (exchanged.status === "failed") return { ...set, vantage, failure: exchanged.reason };
    const { message } = exchanged;
    if (message.code !== "NOERROR" && message.code !== "NXDOMAIN")
      return { ...set, vantage, failure: `it answers ${message.code}` };
    if (!message.authoritative && (vantage.kind === "name-server" || !message.recursive))
      return { ...set, vantage, failure: "it does not speak for the name" };
    const here = message.answers.filter((record) => comparable(record.name) === comparable(set.owner));
    const alias = here.find((record) => record.type === "CNAME");
    const records = here.flatMap((record) => (record.type === set.type ? (fromAnswer(record) ?? []) : []));
    return { ...set, vantage, records, ...(alias?.type === "CNAME" && { alias: comparable(alias.data) }) };
  };
  const asked = sets.flatMap((set): (PublishedSet | Promise<PublishedSet>)[] => {
    const servers = vantagesFor(set.owner, vantages);
    if (servers.length === 0) return [{ ...set, failure: "no server is named that could be asked" }];
    return servers.map((vantage) => inFlight.run(formatVantage(vantage), () => read(set, vantage)));
  });
  return Promise.all(asked);
}
