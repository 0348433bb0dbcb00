import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { createSecureContext, type SecureContext } from "node:tls";
import { acceptStream } from "./accepted-stream";
import { closeInOrder, openAuthenticated } from "./opened-stream";
import { Partner } from "./partner";
import type {
  ConnectTask,
  LoadPlan,
  PartnerCredentials,
  SetUpResult,
  SetUpTask,
  TrafficResult,
  TrafficTask,
} from "./protocol";
import { measureSetUps } from "./set-ups";
import { Traffic } from "./traffic";

/** All partner domains of one run, in front of one server. */
export class Load {
  private readonly contexts: ReadonlyMap<string, SecureContext>;
  private readonly partners = new Map<string, Partner>();
  private readonly back = new Set<Socket>();
  private traffic: Traffic | undefined;
  private listener: Server | undefined;
  private fault: Error | undefined;

  constructor(private readonly plan: LoadPlan) {
    this.contexts = new Map([...plan.partners, ...plan.newcomers].map((one) => [one.domain, contextOf(one)]));
  }

  async setUps(task: SetUpTask): Promise<SetUpResult> {
    const { target, serverPid, newcomers } = this.plan;
    const withContext = newcomers.map(({ domain }) => ({ domain, context: this.contextOf(domain) }));
    return measureSetUps(target, serverPid, withContext, task);
  }

  /** Opens these partners' streams and listens for those that the server opens to answer. */
  async connect({ first, count }: ConnectTask): Promise<void> {
    const { target, listen } = this.plan;
    const partners = this.plan.partners.slice(first, first + count);
    this.listener = createServer((socket) => void this.accept(socket)).listen({
      host: listen.address,
      port: listen.port,
      exclusive: true,
    });
    await once(this.listener, "listening");
    const events = {
      onAnswers: (partner: Partner, latencies: readonly number[]) => this.traffic?.answered(partner, latencies),
      onFault: (error: Error) => this.fail(error),
    };
    for (const { domain } of partners) {
      const socket = await openAuthenticated(target, domain, this.contextOf(domain));
      this.partners.set(domain, new Partner(domain, target.domain, socket, events));
    }
    this.traffic = new Traffic([...this.partners.values()], this.plan.serverPid, () => this.checkFaults());
  }

  saturate(task: TrafficTask & { readonly outstanding: number }): Promise<TrafficResult> {
    return this.connected().saturate(task);
  }

  pace(task: TrafficTask & { readonly perSecond: number }): Promise<TrafficResult> {
    return this.connected().pace(task);
  }

  /** Closes every stream in order. */
  async disconnect(): Promise<void> {
    this.listener?.close();
    await Promise.all([...this.partners.values()].map((partner) => closeInOrder(partner.release())));
    for (const socket of this.back) socket.destroy();
    this.partners.clear();
  }

  private connected(): Traffic {
    if (this.traffic === undefined) throw new Error("connect comes first");
    return this.traffic;
  }

  private async accept(raw: Socket): Promise<void> {
    try {
      const { partner, socket } = await acceptStream(raw, (domain) => this.contexts.get(domain));
      this.back.add(socket);
      socket.on("close", () => this.back.delete(socket));
      this.partners.get(partner)?.listen(socket);
      socket.resume();
    } catch (error) {
      raw.destroy();
      this.fail(error as Error);
    }
  }

  private fail(error: Error): void {
    this.fault ??= error;
  }

  private checkFaults(): void {
    if (this.fault !== undefined) throw this.fault;
  }

  private contextOf(domain: string): SecureContext {
    const context = this.contexts.get(domain);
    if (context === undefined) throw new Error(`${domain} is not in the plan`);
    return context;
  }
}

const contextOf = ({ certPem, keyPem }: PartnerCredentials): SecureContext =>
  createSecureContext({ cert: certPem, key: keyPem });
