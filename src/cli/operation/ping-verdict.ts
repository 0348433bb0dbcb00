import type { PingReport } from "../../gateway/operation/control";
import type { Hop, Side } from "../../gateway/operation/failure-cause";

/** What a ping's outcome means. */
export type PingVerdict =
  | { readonly reached: true; readonly text: string; readonly remedy?: string }
  | {
      readonly reached: false;
      readonly hop: Hop;
      readonly side: Side;
      readonly whose: string;
      readonly text: string;
      readonly remedy: string;
    };

const WHOSE: Readonly<Record<Side, string>> = {
  ours: "our side",
  theirs: "their side",
  between: "either side, or between",
};

/** Errors by which a partner's server says that it cannot pass something on: the way ends behind it. */
const NOT_DELIVERED = new Set([
  "remote-server-not-found",
  "remote-server-timeout",
  "internal-server-error",
  "resource-constraint",
]);
/** Errors by which it says that its policy is against it. */
const FORBIDDEN = new Set(["forbidden", "not-allowed", "not-authorized", "policy-violation"]);

export function pingVerdict(report: PingReport): PingVerdict {
  switch (report.outcome) {
    case "answered":
      return answered(report);
    case "failed": {
      const { hop, side, code, text, remedy } = report.failure;
      return { reached: false, hop, side, whose: WHOSE[side], text: `${code}: ${text}`, remedy };
    }
    case "returned":
      return failed("delivery", "ours", `${report.condition}: ${report.text}`, "see xmpp-edge status for what waits");
    case "silent":
      return silent(report);
  }
}

function answered({ milliseconds, streamStood, condition }: Extract<PingReport, { outcome: "answered" }>): PingVerdict {
  const how = `in ${milliseconds} ms, ${streamStood ? "over a stream that stood" : "a new stream and DNS included"}`;
  if (condition === undefined) return { reached: true, text: how };
  if (condition === "item-not-found")
    return failed("delivery", "theirs", `the partner has no such user (${condition}, ${how})`, "check the address");
  if (FORBIDDEN.has(condition))
    return failed(
      "policy",
      "theirs",
      `the partner's server refuses us with ${condition} (${how})`,
      "ask the partner's administrator to allow our domain",
    );
  if (NOT_DELIVERED.has(condition))
    return failed(
      "delivery",
      "theirs",
      `the partner's server could not pass it on: ${condition} (${how})`,
      "tell the partner's administrator",
    );
  return {
    reached: true,
    text: `${how}; the partner's server answered for the user by ${condition}`,
    remedy:
      "the way there and back works; servers answer so for whoever is offline, unknown, or does not show themselves",
  };
}

function silent({ milliseconds, written, inbound }: Extract<PingReport, { outcome: "silent" }>): PingVerdict {
  if (inbound !== undefined)
    return {
      reached: false,
      hop: inbound.hop,
      side: inbound.side,
      whose: WHOSE[inbound.side],
      text: `no answer within ${milliseconds} ms; a stream that the partner opened to us was refused: ${inbound.code}: ${inbound.text}`,
      remedy: inbound.remedy,
    };
  if (!written)
    return failed(
      "connect",
      "between",
      `no stream stood within ${milliseconds} ms`,
      "give it more time with --timeout; xmpp-edge trace shows how far it gets",
    );
  return failed(
    "delivery",
    "between",
    `it was sent, and no answer came within ${milliseconds} ms`,
    "the partner answers over a stream that it opens to us: check our SRV record and port 5269 from outside; xmpp-edge trace shows what comes",
  );
}

function failed(hop: Hop, side: Side, text: string, remedy: string): PingVerdict {
  return { reached: false, hop, side, whose: WHOSE[side], text, remedy };
}
