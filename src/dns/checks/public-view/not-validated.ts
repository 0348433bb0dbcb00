import type { Evidence } from "../../evidence";
import { formatServerAddress } from "../../resolver";
import { listed } from "../check";
import type { Found } from "../family";
import type { Compared } from ".";
import { answerOf, isSame, wordOf } from "./word";

/** Authentic data (RFC 4035 section 3.2.3), in the flags of a message. */
const AD = 0x0020;

/** Resolvers that do not say of what is proved here that it is. */
export function* notValidated(compared: readonly Compared[], { survey, trust }: Evidence): Iterable<Found> {
  const without = new Map<string, string[]>();
  for (const { key, question, word } of compared) {
    const judged = trust.answers.get(key) ?? [];
    if (judged.length === 0 || judged.some((one) => one.trust?.status !== "secure")) continue;
    for (const { server, said } of survey.atResolvers.get(key)?.observations ?? []) {
      // Without EDNS it was not asked for it (RFC 6840 section 5.7), such as after a lost datagram.
      if (said.status === "failed" || !said.edns || (said.wire.readUInt16BE(2) & AD) !== 0) continue;
      const given = wordOf(answerOf(said, question));
      if (given === undefined || !isSame(given, word)) continue;
      const name = formatServerAddress(server);
      without.set(name, [...(without.get(name) ?? []), `${question.name} ${question.type}`]);
    }
  }
  for (const [server, subjects] of without)
    yield {
      id: "resolver-ad",
      domain: null,
      subject: listed(subjects),
      server,
      found: "no AD flag",
      expected: "the AD flag: the zone is signed, and its signatures hold",
      remedy: "nothing at the zone: whoever asks this resolver is not protected by the zone's signatures",
    };
}
