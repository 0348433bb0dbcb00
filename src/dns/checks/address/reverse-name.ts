import { addressKind } from "../../../definition/address-kind";
import type { Evidence } from "../../evidence";
import { comparable } from "../../resolver";
import { messageOf, questionKey } from "../../survey";
import { reverseQuestion } from "../../survey/questions";
import { formatVantage } from "../../vantage";
import { listed } from "../check";
import type { Found } from "../family";
import { meantAddresses } from "./published-at";

/** Some partners look up who an address says that it is, and log or refuse what does not fit (RFC 1912 section 2.1). */
export function* reverseName(host: string, { expected, survey }: Evidence): Iterable<Found> {
  for (const { address } of meantAddresses(host, expected, survey)) {
    if (addressKind(address) !== "global") continue; // nobody can give it a name that others see
    const question = reverseQuestion(address);
    const said = (survey.atResolvers.get(questionKey(question))?.observations ?? []).flatMap(
      ({ server, said: word }) => {
        if (word.status === "failed" || (word.code !== "NOERROR" && word.code !== "NXDOMAIN")) return [];
        const names = messageOf(word).answers.flatMap((record) =>
          record.type === "PTR" && typeof record.data === "string" ? [comparable(record.data)] : [],
        );
        return [{ server: formatVantage({ kind: "resolver", server }), names }];
      },
    );
    if (said.length === 0 || said.some(({ names }) => names.includes(comparable(host)))) continue;
    const names = [...new Set(said.flatMap((one) => one.names))];
    yield {
      id: "address-ptr",
      domain: host,
      subject: `${question.name} PTR`,
      server: [...new Set(said.map(({ server }) => server))].join(", "),
      found: names.length === 0 ? `${address} has no name` : `${address} is called ${listed(names)}`,
      expected: `a PTR record: ${host}`,
      remedy: `ask the owner of the address for ${question.name}. IN PTR ${host}.`,
    };
  }
}
