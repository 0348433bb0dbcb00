import { readSignedAnswer } from "../resolver/dnssec/wire-record";
import type { Heard } from "../resolver/dnssec/zone-trust";
import { MalformedMessage } from "../resolver/message-structure";
import type { Said } from "./said";

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
