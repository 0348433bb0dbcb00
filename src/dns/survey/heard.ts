import type { WireQuestion } from "../resolver";
import { readSignedAnswer } from "../resolver/dnssec/wire-record";
import type { Heard } from "../resolver/dnssec/zone-trust";
import { MalformedMessage } from "../resolver/message-structure";
import type { Said } from "./said";
import type { Survey } from "./survey";
import { questionKey } from "./surveyor";

/** One server's answer as the DNSSEC validator reads it. */
export function heard(said: Said): Heard {
  if (said.status === "failed") return { failed: said.reason };
  if (said.code !== "NOERROR" && said.code !== "NXDOMAIN") return { failed: `the server answered ${said.code}` };
  try {
    return readSignedAnswer(said.wire);
  } catch (error) {
    if (!(error instanceof MalformedMessage)) throw error;
    return { failed: error.message };
  }
}

/** The first answer to a question in a survey, for following trust (`TrustChain`): DNSKEY and DS were asked for. */
export function heardInSurvey(survey: Survey, question: WireQuestion): Heard {
  const all = (survey.atNameServers.get(questionKey(question))?.observations ?? []).map(({ said }) => heard(said));
  return all.find((one) => "answers" in one) ?? all[0] ?? { failed: "nobody was asked" };
}
