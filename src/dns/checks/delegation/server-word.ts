import type { Said } from "../../survey";
import { messageOf } from "../../survey";
import { readCut } from "../../survey/zone-cut";
import type { Heard } from "./zone-view";

/** Why what a server said to a question is no answer. */
export type Failing = "silent" | "lame" | "truncated" | "malformed";

/** What a server's word about a question of its zone is worth. */
export type Word =
  | { readonly kind: "good" }
  /** It says nothing of the server: it was not asked, or rightly points further down. */
  | { readonly kind: "nothing" }
  | { readonly kind: Failing; readonly reason: string };

const SILENT = new Set(["timeout", "unreachable", "silent"]);
/** Only this machine, or the time it was given, is to blame. */
const NOT_ASKED = new Set(["no-ipv6", "deadline", "aborted", "bad-name"]);

export function wordOf({ question, said }: Heard, zone: string): Word {
  if (said.status === "failed") return failure(said);
  if (said.code !== "NOERROR" && said.code !== "NXDOMAIN") return refusal(said);
  if (said.authoritative) return { kind: "good" };
  return readCut(messageOf(said), zone, question.name).kind === "referral"
    ? { kind: "nothing" }
    : { kind: "lame", reason: "it does not speak for the zone (no AA bit)" };
}

function failure({ code, reason }: Extract<Said, { status: "failed" }>): Word {
  if (NOT_ASKED.has(code)) return { kind: "nothing" };
  if (code === "truncated" || code === "malformed") return { kind: code, reason };
  return { kind: SILENT.has(code) ? "silent" : "lame", reason };
}

function refusal({ code, extendedErrors }: Extract<Said, { status: "answered" }>): Word {
  const errors = extendedErrors.map(
    (error) => `; extended error ${error.code}${error.text === "" ? "" : ` (${error.text})`}`,
  );
  return { kind: "lame", reason: `it answers ${code}${errors.join("")}` };
}
