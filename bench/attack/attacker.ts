/** An attacker at one core's speed: does one thing to the gateway, over and over, until told to stop. */
import { Attempts, BrokenOff } from "./attempts";
import type { Attack, AttackOrder, AttackReport } from "./orders";
import { ownServer } from "./own-server";

/** Attempts under way at a time. */
const AT_ONCE = 64;
/** Few are enough of those, or the partner's limit of streams is what is measured. */
const FEW: ReadonlySet<Attack> = new Set([
  "stanzas of a partner",
  "large stanzas of a partner",
  "a partner that takes no answers",
  "a partner that reads nothing",
]);
const SHOWN = 5;

const report: AttackReport = { attempts: 0, refused: 0, faults: [] };

function fault(error: unknown): void {
  if (report.faults.length < SHOWN)
    report.faults.push(error instanceof Error ? (error.stack ?? error.message) : `${error}`);
}

async function loop(attempt: () => Promise<void>): Promise<void> {
  for (;;) {
    report.attempts++;
    try {
      await attempt();
    } catch (error) {
      if (error instanceof BrokenOff) report.refused++;
      else fault(error);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

process.once("message", async (message) => {
  process.on("message", () => process.send?.(report));
  const order = message as AttackOrder;
  try {
    await ownServer(order);
    const attempt = new Attempts(order).of[order.attack];
    for (let index = 0; index < (FEW.has(order.attack) ? 4 : AT_ONCE); index++) void loop(attempt);
  } catch (error) {
    fault(error);
  }
});
process.once("disconnect", () => process.exit());
process.on("uncaughtException", fault);
