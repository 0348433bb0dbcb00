import type { ServerAddress } from "../resolver";
import { type Answered, messageOf, type Observation } from "./said";
import { type Cut, readCut } from "./zone-cut";

/** What one server of the parent says of a delegation. */
export interface ParentWord {
  readonly server: ServerAddress;
  readonly cut: Cut | { readonly kind: "failed"; readonly code: string; readonly reason: string };
}

/** Reads what a server of `zone` answered about `child`. */
export function parentWord({ server, said }: Observation, zone: string, child: string): ParentWord {
  if (said.status === "failed") return { server, cut: { kind: "failed", code: said.code, reason: said.reason } };
  return { server, cut: cutIn(said, zone, child) };
}

function cutIn(said: Answered, zone: string, child: string): ParentWord["cut"] {
  if (said.code === "NOERROR" || said.code === "NXDOMAIN") return readCut(messageOf(said), zone, child);
  const code = said.code === "SERVFAIL" ? "servfail" : said.code === "REFUSED" ? "refused" : "error-code";
  return { kind: "failed", code, reason: `the server answered ${said.code}` };
}
