import { setTimeout as sleep } from "node:timers/promises";
import { usageOf } from "../process-usage";
import type { Partner } from "./partner";
import { sorted, summary } from "./percentile";
import type { TrafficResult, TrafficTask } from "./protocol";
import type { RequestKind } from "./stanzas";

/** How long the last answers may take. */
const DRAIN_MS = 20_000;

/** Requests over all partners, and what their answers cost the server. */
export class Traffic {
  private onAnswers: (partner: Partner, latencies: readonly number[]) => void = () => undefined;
  private latencies: number[] = [];
  private measuring = false;

  constructor(
    private readonly partners: readonly Partner[],
    private readonly serverPid: number,
    /** Throws what went wrong meanwhile. */
    private readonly checkFaults: () => void,
  ) {}

  /** What the partners report to. */
  answered(partner: Partner, latencies: readonly number[]): void {
    if (this.measuring) for (const one of latencies) this.latencies.push(one);
    this.onAnswers(partner, latencies);
  }

  /** Closed loop: each partner keeps `outstanding` requests in flight, for the task's time. */
  async saturate(task: TrafficTask & { readonly outstanding: number }): Promise<TrafficResult> {
    this.ask(task.request);
    this.onAnswers = (partner, latencies) => partner.send(latencies.length);
    for (const partner of this.partners) partner.send(task.outstanding);
    return this.measure(task);
  }

  /** Open loop: `perSecond` requests over all partners in turn, whatever the answers do. */
  async pace(task: TrafficTask & { readonly perSecond: number }): Promise<TrafficResult> {
    this.ask(task.request);
    this.onAnswers = () => undefined;
    const start = performance.now();
    let sent = 0;
    const timer = setInterval(() => {
      for (const due = ((performance.now() - start) * task.perSecond) / 1000; sent < due; sent++)
        (this.partners[sent % this.partners.length] as Partner).send(1);
    }, 1);
    try {
      return await this.measure(task);
    } finally {
      clearInterval(timer);
    }
  }

  private ask(kind: RequestKind): void {
    for (const partner of this.partners) partner.ask(kind);
  }

  private async measure({ warmUpMs, measureMs }: TrafficTask): Promise<TrafficResult> {
    await this.run(warmUpMs);
    this.latencies = [];
    this.measuring = true;
    const before = usageOf(this.serverPid);
    const own = process.cpuUsage();
    const start = performance.now();
    await this.run(measureMs);
    const seconds = (performance.now() - start) / 1000;
    const after = usageOf(this.serverPid);
    const ownUsed = process.cpuUsage(own);
    this.measuring = false;
    await this.drain();
    const stanzas = 2 * this.latencies.length; // a request and its answer
    if (stanzas === 0) throw new Error("no answer came in the time measured");
    return {
      stanzas,
      seconds,
      cpuSeconds: after.cpuSeconds - before.cpuSeconds,
      loadCpuSeconds: (ownUsed.user + ownUsed.system) / 1e6,
      latencyMs: summary(sorted(this.latencies)),
      residentBytes: after.residentBytes,
    };
  }

  private async run(ms: number): Promise<void> {
    for (const end = performance.now() + ms; performance.now() < end; ) {
      await sleep(Math.min(250, Math.max(1, end - performance.now())));
      this.checkFaults();
    }
  }

  /** Nothing new, and every answer that is owed. */
  private async drain(): Promise<void> {
    this.onAnswers = () => undefined;
    const end = performance.now() + DRAIN_MS;
    while (this.partners.some((partner) => partner.outstanding > 0)) {
      await this.run(20);
      if (performance.now() > end) {
        const owed = this.partners.reduce((sum, partner) => sum + partner.outstanding, 0);
        throw new Error(`the server owes ${owed} answers ${DRAIN_MS / 1000} s after the last request`);
      }
    }
  }
}
