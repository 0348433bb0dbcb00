import { readTlsa, type TlsaRecord } from "../../../certificate/dane";
import type { Evidence } from "../../evidence";
import type { WireQuestion } from "../../resolver";
import { nameFromText } from "../../resolver/dnssec/wire-name";
import { TYPE } from "../../resolver/dnssec/wire-record";
import { heard, questionKey } from "../../survey";
import { followed } from "./concerned-zones";
import { answering, serverNames } from "./zone-servers";

/** Where a partner looks for what the certificate at the port must be (RFC 7673 section 3). Surveys ask for no other. */
export const tlsaOwner = (host: string): string => `_5269._tcp.${host}`;

/** What the servers say of the TLSA records of a host. */
export interface TlsaAt {
  readonly host: string;
  /** Each record once, with who gives it. */
  readonly records: readonly { readonly record: TlsaRecord; readonly servers: readonly string[] }[];
  /** Who says that there is none. */
  readonly absentAt: readonly string[];
  /** `signed`: every answer is secure. `bogus`: one is not what its zone signed; `unsigned`: one is not protected. */
  readonly trust: "signed" | "unsigned" | "bogus";
}

export function tlsaAt(host: string, evidence: Evidence): TlsaAt {
  const { survey } = evidence;
  const records = new Map<string, { record: TlsaRecord; servers: string[] }>();
  const absentAt: string[] = [];
  const steps = followed(survey, { name: tlsaOwner(host), type: "TLSA" });
  for (const { question, zone, observations } of steps) {
    const owner = nameFromText(question.name);
    const nameOf = serverNames(survey, zone);
    for (const { server, said } of observations) {
      const answer = heard(said);
      if (said.status === "failed" || !said.authoritative || "failed" in answer) continue;
      const own = answer.answers.filter((one) => one.owner.equals(owner));
      if (!own.some(({ type }) => type === TYPE.TLSA || type === TYPE.CNAME)) absentAt.push(nameOf(server));
      for (const { type, data } of own) {
        const record = type === TYPE.TLSA ? readTlsa(data) : undefined;
        if (record === undefined) continue;
        const key = data.toString("hex");
        const known = records.get(key) ?? { record, servers: [] };
        if (!known.servers.includes(nameOf(server))) known.servers.push(nameOf(server));
        records.set(key, known);
      }
    }
  }
  return {
    host,
    records: [...records.values()],
    absentAt,
    trust: trustIn(
      steps.map((one) => one.question),
      evidence,
    ),
  };
}

/** How far the answers to the questions, an alias chain, can be believed. */
export function trustIn(questions: readonly WireQuestion[], { trust }: Evidence): TlsaAt["trust"] {
  const judged = questions.map((question) =>
    (trust.answers.get(questionKey(question)) ?? []).flatMap((one) =>
      one.trust === undefined ? [] : [one.trust.status],
    ),
  );
  if (judged.some((statuses) => statuses.includes("bogus"))) return "bogus";
  const all = judged.every((statuses) => statuses.length > 0 && statuses.every((status) => status === "secure"));
  return all ? "signed" : "unsigned";
}

/** Who gives any of the records. */
export const givenBy = ({ records }: TlsaAt): string =>
  [...new Set(records.flatMap(({ servers }) => servers))].join(", ");

/** Who was asked about the host and answered. */
export const askedAbout = (host: string, { survey }: Evidence): string => {
  const asked = survey.atNameServers.get(questionKey({ name: tlsaOwner(host), type: "TLSA" }));
  return asked === undefined ? "" : answering(survey, asked.zone, asked.observations).join(", ");
};
