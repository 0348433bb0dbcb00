import { canonicalAddress } from "../../canonical-address";
import type { Expected, Service } from "../../expected";
import { comparable, type Question } from "../../resolver";
import type { Word } from "./word";

/** A question that partners' resolvers are asked, and the name of the definition that it is about. */
export interface PublicQuestion {
  readonly question: Question;
  readonly domain: string;
  /** Whether the servers' word is what the definition says: a fault of theirs is told as such. */
  readonly isRight: (word: Word) => boolean;
}

export function publicQuestions({ services, hosts, records, declaredTargets }: Expected): PublicQuestion[] {
  const domains = services.map((service): PublicQuestion => {
    const question: Question = { name: service.record.owner, type: "SRV" };
    return { question, domain: service.domain, isRight: (word) => leadsToUs(word, service, declaredTargets) };
  });
  const addresses = hosts.flatMap((host) => {
    const declared = records.flatMap((record) =>
      "address" in record && comparable(record.owner) === comparable(host) ? [record] : [],
    );
    return (["A", "AAAA"] as const).map((type): PublicQuestion => {
      const wanted = declared.flatMap((one) => (one.type === type ? [canonicalAddress(one.address)] : [])).sort();
      // Without a declared address any will do: they are allocated at deploy.
      const isRight = (word: Word) => declared.length === 0 || word.records.join() === wanted.join();
      return { question: { name: host, type }, domain: host, isRight };
    });
  });
  return [...domains, ...addresses];
}

function leadsToUs({ records }: Word, { record }: Service, declaredTargets: readonly string[]): boolean {
  const ours = (text: string) => text.endsWith(` ${record.port} ${comparable(record.target)}.`);
  const declared = new Set(declaredTargets.map((target) => `${comparable(target)}.`));
  return records.some(ours) && records.every((text) => ours(text) || declared.has(text.split(" ").at(-1)!));
}
