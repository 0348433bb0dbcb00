/**
 * `npm run attack [-- --seconds N --rounds N]`: what an attacker at one core's speed costs the gateway, which has another, and the
 * established partners beside it. Exit codes: 0 · 1 a bar is missed, or something was harmed · 2 used wrongly.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { PeerRig } from "../../test/peers/rig/rig";
import { serverRecords } from "../../test/peers/rig/unbound";
import { LoadProcess } from "../load/load-process";
import { usageOf } from "../process-usage";
import { spread } from "../report/spread";
import { table } from "../report/table";
import { type AttackedGateway, pin, startAttackedGateway } from "./attacked-gateway";
import { ATTACKS, type Attack, type AttackOrder, type AttackReport } from "./orders";

const DOMAIN = "contoso.example";
const PARTNERS = "partners.example";
const MALLORY = "mallory.example";
/** It has no server, so that nobody can be asked about its keys. */
const BY_DIALBACK = "trudy.example";
/** Partners with a stream each way, which ask so much a second in all. */
const ESTABLISHED = 10;
const PER_SECOND = 1_000;
/** Of the gateway's core: what an established partner may lose. */
const BAR = 0.1;
/** The attack's start, when what the limits allow at once is used up. */
const LEAD_MS = 5_000;
/** And its end, before anything else is measured. */
const AFTER_MS = 6_000;
const GATEWAY_CORE = 0;
const OTHER_CORE = 1;

/** One attack, once. */
interface Round {
  readonly perSecond: number;
  readonly refused: number;
  /** Of the gateway's core, in seconds a second: without the attack and under it. */
  readonly without: number;
  readonly under: number;
  readonly p99Without: number;
  readonly p99Under: number;
  /** MiB, the most that was seen. */
  readonly most: number;
}

interface Outcome {
  readonly attack: Attack;
  readonly rounds: readonly Round[];
  /** MiB, some seconds after the last round. */
  readonly after: number;
}

const say = (text: string) => process.stderr.write(`attack: ${text}\n`);
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const mebibytes = (pid: number) => usageOf(pid).residentBytes / 2 ** 20;

interface Asked {
  /** Of each measurement. */
  readonly seconds: number;
  readonly rounds: number;
  readonly attacks: readonly Attack[];
}

function optionsAsked(): Asked {
  try {
    const { values } = parseArgs({
      options: {
        seconds: { type: "string", default: "5" },
        rounds: { type: "string", default: "1" },
        attack: { type: "string" },
      },
    });
    const whole = (name: "seconds" | "rounds") => {
      const value = Number(values[name]);
      if (Number.isInteger(value) && value > 0) return value;
      throw new Error(`--${name} is ${values[name]}; expected a whole number from 1`);
    };
    const { attack } = values;
    const attacks = attack === undefined ? ATTACKS : ATTACKS.filter((one) => one === attack);
    if (attacks.length === 0) throw new Error(`--attack is ${attack}; expected one of: ${ATTACKS.join(", ")}`);
    return { seconds: whole("seconds"), rounds: whole("rounds"), attacks };
  } catch (error) {
    process.stderr.write(
      `attack: ${(error as Error).message}\nUsage: npm run attack -- [--seconds N] [--rounds N] [--attack NAME]\n`,
    );
    process.exit(2);
  }
}

/** Looks at the memory of a process ten times a second. */
function watchMemory(pid: number) {
  let most = mebibytes(pid);
  const timer = setInterval(() => {
    most = Math.max(most, mebibytes(pid));
  }, 100);
  return { most: () => most, stop: () => clearInterval(timer) };
}

function startAttacker(): ChildProcess {
  const jiti = join(__dirname, "../../node_modules/jiti/lib/jiti-cli.mjs");
  return fork(jiti, [join(__dirname, "attacker.ts")], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
}

async function main(): Promise<void> {
  const { seconds, rounds, attacks } = optionsAsked();
  if (cpus().length < 2) throw new Error("two cores are needed: one for the gateway, one for the attacker");
  const rig = await PeerRig.open();
  let gateway: AttackedGateway | undefined;
  const load = new LoadProcess();
  try {
    const issue = async (domain: string) => ({ domain, ...(await rig.authority.issue({ names: [domain] })) });
    const partners = await Promise.all(
      Array.from({ length: ESTABLISHED }, (_, index) => issue(`load${index}.${PARTNERS}`)),
    );
    const mallory = await issue(MALLORY);
    const back = await rig.place(PARTNERS);
    const malloryAt = await rig.place(MALLORY);
    const target = `xmpp.${PARTNERS}.`;
    const resolver = await rig.startUnbound({
      records: [
        ...serverRecords(malloryAt),
        `${target} A ${back.address}`,
        ...partners.map(({ domain }) => `_xmpp-server._tcp.${domain}. SRV 0 5 ${back.s2sPort} ${target}`),
      ],
    });
    const place = await rig.place(DOMAIN);
    gateway = await startAttackedGateway(
      {
        ...place,
        certificates: await rig.issueFor(DOMAIN),
        resolver,
        partners: [...partners, mallory].map(({ domain }) => domain),
        byDialback: BY_DIALBACK,
        unlimitedFrom: "127.0.0.1/32", // where the load comes from; the attacker has addresses of its own
      },
      GATEWAY_CORE,
    );
    const { pid } = gateway;
    await load.call("prepare", {
      target: { address: place.address, port: place.s2sPort, domain: DOMAIN },
      serverPid: pid,
      listen: { address: back.address, port: back.s2sPort },
      partners,
      newcomers: [],
    });
    pin(load.pid, OTHER_CORE);
    await load.call("connect", { first: 0, count: ESTABLISHED });
    const task = { request: "ping", warmUpMs: 1_000, measureMs: seconds * 1_000, perSecond: PER_SECOND } as const;
    await load.call("saturate", { request: "ping", warmUpMs: 1_000, measureMs: 2_000, outstanding: 20 }); // its code is warm
    const order = {
      address: place.address,
      port: place.s2sPort,
      domain: DOMAIN,
      partner: mallory,
      listen: { address: malloryAt.address, port: malloryAt.s2sPort },
      byDialback: BY_DIALBACK,
    };
    const outcomes: Outcome[] = [];
    for (const attack of attacks) {
      const told: Round[] = [];
      for (let round = 1; round <= rounds; round++) {
        say(`${attack}, round ${round} of ${rounds}: without`);
        const without = await load.call("pace", task);
        say(`${attack}, round ${round} of ${rounds}: under it`);
        const {
          report,
          memory,
          result: under,
        } = await underAttack(pid, { ...order, attack }, () => load.call("pace", task));
        if (report.faults.length > 0) throw new Error(`the attacker itself failed: ${report.faults.join("\n")}`);
        if (gateway.end() !== undefined) throw new Error(`the gateway has ended: ${gateway.end()}`);
        told.push({
          perSecond: report.attempts / (LEAD_MS / 1_000 + 1 + seconds),
          refused: report.refused / report.attempts,
          without: without.cpuSeconds / without.seconds,
          under: under.cpuSeconds / under.seconds,
          p99Without: without.latencyMs.p99,
          p99Under: under.latencyMs.p99,
          most: memory,
        });
        await sleep(AFTER_MS);
      }
      outcomes.push({ attack, rounds: told, after: mebibytes(pid) });
    }
    const delayed = await gateway.counter("reads_delayed_total", 'reason="rate"');
    const authenticated = await gateway.counter("streams_authenticated_total");
    await load.call("disconnect", null);
    process.stdout.write(
      `${reportOf(outcomes, seconds)}\n${authenticated} streams were authenticated in all; the partners' own stood throughout; ` +
        `${delayed} reads waited for a partner's rate\n`,
    );
    process.exitCode = outcomes.every((outcome) => costOf(outcome) < BAR) ? 0 : 1;
  } catch (error) {
    throw new Error(`${(error as Error).message}\nThe gateway's last lines:\n${gateway?.lastLines()}`, {
      cause: error,
    });
  } finally {
    await load.stop();
    await gateway?.stop();
    await rig.close();
  }
}

/** Runs the work while an attacker has been at it for some time. */
async function underAttack<T>(pid: number, order: AttackOrder, work: () => Promise<T>) {
  const attacker = startAttacker();
  pin(attacker.pid!, OTHER_CORE);
  attacker.send(order);
  const memory = watchMemory(pid);
  try {
    await sleep(LEAD_MS);
    const result = await work();
    const told = once(attacker, "message") as Promise<[AttackReport]>;
    attacker.send("report");
    const [report] = await told;
    return { result, report, memory: memory.most() };
  } finally {
    memory.stop();
    const ended = once(attacker, "exit");
    attacker.kill("SIGKILL");
    await ended;
  }
}

const medianOf = ({ rounds }: Outcome, value: (round: Round) => number) => spread(rounds.map(value)).median;
/** What the attack takes of the gateway's core: the median of its rounds, each beside one without. */
const costOf = (outcome: Outcome) => medianOf(outcome, ({ under, without }) => under - without);

function reportOf(outcomes: readonly Outcome[], seconds: number): string {
  const rows = outcomes.map((outcome) => {
    const median = (value: (round: Round) => number) => medianOf(outcome, value);
    const cost = costOf(outcome);
    return [
      outcome.attack,
      median(({ perSecond }) => perSecond).toFixed(0),
      `${(median(({ refused }) => refused) * 100).toFixed(0)} %`,
      median(({ without }) => without).toFixed(3),
      median(({ under }) => under).toFixed(3),
      cost.toFixed(3) + (cost < BAR ? "" : " MISSED"),
      `${median(({ p99Without }) => p99Without).toFixed(1)} / ${median(({ p99Under }) => p99Under).toFixed(1)}`,
      Math.max(...outcome.rounds.map(({ most }) => most)).toFixed(0),
      outcome.after.toFixed(0),
    ];
  });
  const header = ["attack", "tries/s", "broken off", "core without", "under", "cost", "p99 ms", "MiB most", "after"];
  return (
    `An attacker on one core, the gateway on another; ${ESTABLISHED} partners ask ${PER_SECOND} times a second in all, ${seconds} s ` +
    `each; every question was answered.\nCost: what the attack takes of the gateway's core, and so of what established ` +
    `partners could use; bar ${BAR}.\n\n${table(header, rows)}`
  );
}

main().catch((error: unknown) => {
  say((error as Error).message);
  process.exitCode = 1;
});
