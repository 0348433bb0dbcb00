import { formatServerAddress } from "../resolver";
import { messageOf, type Observation, type Survey } from "../survey";
import { answerLine } from "./answer-line";
import { oneLine } from "./one-line";
import type { EvidenceEntry } from "./report";

/** Records of one answer that are shown; a hostile zone holds thousands. */
const SHOWN = 64;

/**
 * What every server said to every question, in an order that depends on nothing but the names asked for: first the
 * name servers, then over TCP alone, then the resolvers.
 * @param raw whether the octets are shown as well
 */
export function evidenceEntries(survey: Survey, { raw }: { readonly raw: boolean }): EvidenceEntry[] {
  return [
    ...entriesOf("name-server", survey.atNameServers, raw),
    ...entriesOf("name-server", survey.overTcp, raw),
    ...entriesOf("resolver", survey.atResolvers, raw),
  ];
}

function entriesOf(asked: EvidenceEntry["asked"], questions: Survey["atResolvers"], raw: boolean): EvidenceEntry[] {
  return [...questions.values()]
    .map(({ question, observations }) => ({ question: `${question.name} ${question.type}`, observations }))
    .sort((a, b) => compare(a.question, b.question))
    .flatMap(({ question, observations }) =>
      observations
        .map((observation) => entryOf(asked, oneLine(question), observation, raw))
        .sort((a, b) => compare(a.server, b.server)),
    );
}

function entryOf(
  asked: EvidenceEntry["asked"],
  question: string,
  { server, said }: Observation,
  raw: boolean,
): EvidenceEntry {
  const about = { asked, server: formatServerAddress(server), question };
  if (said.status === "failed") return { ...about, failure: said.code, reason: oneLine(said.reason) };
  const { answers, authorities } = messageOf(said);
  const { extendedErrors } = said;
  return {
    ...about,
    transport: said.transport,
    rcode: said.code,
    flags: flagsOf(said.wire, said.edns),
    answers: answers.slice(0, SHOWN).map(answerLine),
    authorities: authorities.slice(0, SHOWN).map(answerLine),
    ...(extendedErrors.length > 0 && {
      extendedErrors: extendedErrors.map(({ code, text }) => ({ code, text: oneLine(text) })),
    }),
    rtt: Math.round(said.roundTrip * 1000) / 1000,
    ...(raw && { raw: said.wire.toString("hex") }),
  };
}

/** RFC 1035 section 4.1.1, RFC 4035 section 3: those that change what an answer means. */
function flagsOf(wire: Buffer, edns: boolean): string[] {
  const bits = wire.readUInt16BE(2);
  const flags = [
    ["aa", 0x0400],
    ["tc", 0x0200],
    ["ra", 0x0080],
    ["ad", 0x0020],
  ] as const;
  return [...flags.flatMap(([name, bit]) => ((bits & bit) === 0 ? [] : [name])), ...(edns ? ["edns"] : [])];
}

const compare = (a: string, b: string) => (a < b ? -1 : Number(a > b));
