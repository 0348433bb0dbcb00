import {
  comparable,
  exchange,
  formatServerAddress,
  type Message,
  type ServerAddress,
  type WireQuestion,
} from "../resolver";
import { DnsHostError } from "./dns-host";

/** Milliseconds: for the first answer before another way is tried, and for all. */
export const PATIENCE = { patience: 1500, timeout: 8000 } as const;

/**
 * Puts one question to one server.
 * @throws DnsHostError `dns-host-unreachable` or `dns-host-refused`; that a name does not exist is an answer
 */
export async function ask(
  question: WireQuestion,
  server: ServerAddress,
  options: { readonly recursion: boolean; readonly signal?: AbortSignal },
): Promise<Message> {
  const exchanged = await exchange(question, server, { ...PATIENCE, ...options });
  const where = `${question.type} of ${question.name} at ${formatServerAddress(server)}`;
  if (exchanged.status === "failed")
    throw new DnsHostError(
      "dns-host-unreachable",
      `${where}: ${exchanged.reason}`,
      "see whether the server runs and can be reached from here",
    );
  const { message } = exchanged;
  if (message.code !== "NOERROR" && message.code !== "NXDOMAIN")
    throw new DnsHostError(
      "dns-host-refused",
      `${where}: it answers ${message.code}`,
      "let it answer questions from here about this zone",
    );
  return message;
}

/** The zone that a message names by its SOA record: in the answer at the zone's own name, else in the authority section. */
export function zoneOfMessage({ answers, authorities }: Message, name: string): string | undefined {
  const wanted = comparable(name);
  const soa = [...answers, ...authorities].find((record) => record.type === "SOA");
  if (soa === undefined) return undefined;
  const zone = comparable(soa.name);
  return wanted === zone || wanted.endsWith(`.${zone}`) ? zone : undefined;
}
