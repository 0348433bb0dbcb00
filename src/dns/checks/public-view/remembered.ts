import { addressKind, embeddedIpv4 } from "../../../definition/address-kind";
import { comparable, formatServerAddress } from "../../resolver";
import { type Answered, messageOf, type Survey } from "../../survey";
import type { Found } from "../family";
import type { Compared } from ".";
import type { PublicQuestion } from "./public-questions";
import { answerOf, isSame, type Word, wordOf, wordText } from "./word";

/** Seconds: resolvers keep nothing longer (RFC 8767 section 4), whatever a TTL says. */
const LONGEST_KEPT = 7 * 86_400;
/** Extended errors (RFC 8914 section 4) of a resolver that says itself that its answer is old, or not the zone's. */
const STALE = new Set([3, 19]);
const FORGED = new Set([4, 15, 16, 17]);

/** Resolvers that give something else than the name servers, which are right. */
export function* otherThanAuthority(compared: readonly Compared[], survey: Survey): Iterable<Found> {
  for (const { question, domain, key, word } of compared) {
    for (const { server, said } of survey.atResolvers.get(key)?.observations ?? []) {
      if (said.status === "failed") continue;
      const given = wordOf(answerOf(said, question));
      if (given === undefined || isSame(given, word)) continue;
      const about = {
        domain,
        subject: `${question.name} ${question.type}`,
        server: formatServerAddress(server),
        found: wordText(given),
        expected: `what the zone's own servers say: ${wordText(word)}`,
      };
      const left = secondsLeft(given, said, word, question.name);
      yield left === undefined
        ? { id: "resolver-differs", ...about, found: `${about.found}${whyOf(said)}`, remedy: DIFFERS }
        : { id: "resolver-stale", ...about, remedy: STALE_REMEDY, retryAfter: left };
    }
  }
}

/** Where there are resolvers alone, and anything at the name is right: that they do not agree. */
export function* differBetweenResolvers(questions: readonly PublicQuestion[], survey: Survey): Iterable<Found> {
  for (const { question, domain, isRight } of questions) {
    const given = (survey.atResolvers.get(`${question.type} ${comparable(question.name)}`)?.observations ?? []).flatMap(
      ({ server, said }) => {
        const word = said.status === "failed" ? undefined : wordOf(answerOf(said, question));
        return word === undefined ? [] : [{ word, server: formatServerAddress(server) }];
      },
    );
    const [first, ...others] = given;
    if (first === undefined || !given.every(({ word }) => isRight(word) && word.records.length > 0)) continue;
    const other = others.find(({ word }) => !isSame(word, first.word));
    if (other === undefined) continue;
    yield {
      id: "resolver-differs",
      domain,
      subject: `${question.name} ${question.type}`,
      server: `${first.server}, ${other.server}`,
      found: `${wordText(first.word)}; and ${wordText(other.word)}`,
      expected: "the same from every resolver",
      remedy: DIFFERS,
    };
  }
}

const STALE_REMEDY =
  "nothing is to be published: wait until the resolver has forgotten it, or have it forget (the public ones have a page for it)";
const DIFFERS =
  "ask who runs the resolver whether it filters, rewrites or answers by place; ask another with --resolver";

/**
 * How long a resolver may still remember what was there before; undefined where age does not explain what it says:
 * an absence that may not be kept or is another zone's, an address that is nobody's, or its own word.
 */
function secondsLeft(given: Word, said: Answered, right: Word, name: string): number | undefined {
  const codes = said.extendedErrors.map(({ code }) => code);
  if (codes.some((code) => FORGED.has(code))) return undefined;
  if (codes.some((code) => STALE.has(code))) return given.ttl ?? 0;
  const { ttl } = given;
  // 0 is the last second of what was kept.
  if (ttl === undefined || ttl > LONGEST_KEPT) return undefined;
  if (given.records.length === 0) return isOfItsZone(said, name) ? ttl : undefined;
  const isPublic = (record: string) =>
    record.includes(" ") || (addressKind(record) === "global" && embeddedIpv4(record) === undefined);
  return right.records.every(isPublic) && !given.records.every(isPublic) ? undefined : ttl;
}

/** Whether the absence is one of the name's own zone, or of one above it (RFC 2308 section 5). */
function isOfItsZone(said: Answered, name: string): boolean {
  const soa = messageOf(said).authorities.find((record) => record.type === "SOA");
  if (soa === undefined) return false;
  const zone = comparable(soa.name);
  // An alias leads into other zones.
  const aliased = messageOf(said).answers.some((record) => record.type === "CNAME");
  return aliased || zone === "." || comparable(name) === zone || comparable(name).endsWith(`.${zone}`);
}

const whyOf = ({ extendedErrors: [first] }: Answered) =>
  first === undefined
    ? ""
    : `; it says itself: extended error ${first.code}${first.text === "" ? "" : ` (${first.text})`}`;
