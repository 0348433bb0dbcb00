import { isIP } from "node:net";
import { canonicalAddress } from "../../canonical-address";
import { atNameServers, atResolvers } from "../../observed-in-survey";
import type { AddressAnswer, FollowedAnswer, Lookup, NameResolver, Question, SrvAnswer } from "../../resolver";
import type { Survey } from "../../survey";

/** Looks names up in what a survey heard: the answers of somebody who asked the same servers. */
export function surveyedNames(survey: Survey): NameResolver {
  return {
    async srv(name): Promise<Lookup<readonly SrvAnswer[]>> {
      const answer = await bestAnswer(survey, { name, type: "SRV" });
      if (answer.status !== "found") return answer;
      const value = answer.records.flatMap((record) => (record.type === "SRV" ? [record] : []));
      return { status: "found", value, ttl: answer.ttl };
    },
    async addresses(host): Promise<Lookup<readonly AddressAnswer[]>> {
      if (isIP(host) !== 0) return { status: "absent", why: "nxdomain" }; // RFC 2782: the target is a name
      const both = await Promise.all((["A", "AAAA"] as const).map((type) => bestAnswer(survey, { name: host, type })));
      const value = both.flatMap(addressesIn);
      if (value.length > 0) return { status: "found", value, ttl: Math.min(...value.map(({ ttl }) => ttl)) };
      const failed = both.find(({ status }) => status === "failed");
      if (failed?.status === "failed") return failed;
      const denied = both.every((answer) => answer.status === "absent" && answer.why === "nxdomain");
      return { status: "absent", why: denied ? "nxdomain" : "nodata" };
    },
  };
}

/** What a name server says counts before what resolvers do, and a record before its absence at another server. */
async function bestAnswer(survey: Survey, question: Question): Promise<FollowedAnswer> {
  const own = (await atNameServers(survey, question)).observations;
  const all = [own, (await atResolvers(survey, question)).observations];
  for (const observations of all)
    for (const status of ["found", "absent"] as const) {
      const known = observations.find(({ answer }) => answer.status === status);
      if (known !== undefined) return known.answer;
    }
  return (
    all.flat()[0]?.answer ?? { status: "failed", code: "unreachable", reason: "nobody is known who could be asked" }
  );
}

function addressesIn(answer: FollowedAnswer): AddressAnswer[] {
  if (answer.status !== "found") return [];
  return answer.records.flatMap((record) =>
    record.type === "SRV"
      ? []
      : [{ address: canonicalAddress(record.address), ttl: record.ttl, family: record.type === "A" ? 4 : 6 }],
  );
}
