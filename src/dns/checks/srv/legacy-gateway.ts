import { type SrvRecord, zoneLine } from "../../../definition/facts";
import type { Evidence } from "../../evidence";
import type { Service } from "../../expected";
import { comparable, type SrvAnswer } from "../../resolver";
import type { Found } from "../family";
import { recordsText, type SaidThere, saidOf, together } from "./said-there";

/**
 * The declared old gateway is still published. While the cut-over is open it may be, for partners that cannot reach the
 * Access Edge: with a larger number as priority, so that they try it last.
 */
export function* legacyGateway({ domain, record }: Service, { survey, expected }: Evidence): Iterable<Found> {
  const { legacyGateway: declared, cutOver = false } = expected.facts.dns;
  if (declared === undefined) return;
  const legacy = comparable(declared);
  const edge = comparable(record.target);
  const toLegacy = ({ target }: SrvAnswer) => target === legacy;
  const isLast = ({ records }: SaidThere) => {
    const ours = records.filter(({ target }) => target === edge).map(({ priority }) => priority);
    return ours.length > 0 && records.filter(toLegacy).every(({ priority }) => priority > Math.max(...ours));
  };
  const there = saidOf(survey, record.owner).filter(({ records }) => records.some(toLegacy));
  const waiting = there.filter((one) => cutOver && isLast(one));
  const wrong = there.filter((one) => !waiting.includes(one));
  for (const [said, verdict] of [
    [waiting, "warn"],
    [wrong, "fail"],
  ] as const) {
    const { records, server } = together(said);
    if (said.length === 0) continue;
    const old = records.filter(toLegacy);
    const isAlone = said.some((one) => !one.records.some(({ target }) => target === edge));
    yield {
      id: "srv-legacy-gateway",
      verdict,
      domain,
      subject: `${record.owner} SRV`,
      server,
      onlyAt: said.map((one) => one.server),
      found: `${recordsText(old)}${isAlone ? ", and no record of the Access Edge" : ""}`,
      expected: cutOver
        ? `the Access Edge before the old gateway, and it gone when dns.cutOver is`
        : `no record of ${declared}: dns.cutOver says that no cut-over is open`,
      remedy: isAlone
        ? zoneLine(record)
        : verdict === "warn"
          ? "remove the record when the last partner's stream to the old gateway has gone, then set dns.cutOver to false"
          : old
              .map((one) => `remove ${zoneLine(asRecord(record, one))}`)
              .slice(0, 8)
              .join("\n"),
    };
  }
}

const asRecord = (like: SrvRecord, { priority, weight, port, target }: SrvAnswer): SrvRecord => ({
  ...like,
  priority,
  weight,
  port,
  target,
});
