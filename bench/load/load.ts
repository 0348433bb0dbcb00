import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { createSecureContext, type SecureContext } from "node:tls";
import { acceptStream } from "./accepted-stream";
import { readDeliveries } from "./deliveries";
import { answerDialback, openByDialback } from "./dialback";
import { IdleStreams } from "./idle-streams";
import { acceptFromGateway, logIn } from "./inside";
import { closeInOrder, openAuthenticated } from "./opened-stream";
import { Partner } from "./partner";
import type {
  ChurnResult,
  ChurnTask,
  ConnectTask,
  HoldTask,
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
  private readonly idle: IdleStreams;
  private traffic: Traffic | undefined;
  private listener: Server | undefined;
  private fault: Error | undefined;

  constructor(private readonly plan: LoadPlan) {
    this.contexts = new Map([...plan.partners, ...plan.newcomers].map((one) => [one.domain, contextOf(one)]));
    this.idle = new IdleStreams((index) => {
      const { domain } = plan.newcomers[index % plan.newcomers.length] as PartnerCredentials;
      return openAuthenticated(plan.target, domain, this.contextOf(domain));
    });
  }

  async setUps({ method, ...task }: SetUpTask): Promise<SetUpResult> {
    const { target, serverPid, newcomers } = this.plan;
    const domains = newcomers.map(({ domain }) => domain);
    if (method === "external")
      return measureSetUps(
        (domain) => openAuthenticated(target, domain, this.contextOf(domain)),
        serverPid,
        domains,
        task,
      );
    await this.listen((raw) => answerDialback(raw, (domain) => this.contexts.get(domain)));
    try {
      return await measureSetUps((domain) => openByDialback(target, domain), serverPid, domains, task);
    } finally {
      this.stopListening();
    }
  }

  hold(task: HoldTask): Promise<void> {
    return this.idle.hold(task);
  }

  release(): Promise<void> {
    return this.idle.release();
  }

  churn(task: ChurnTask): Promise<ChurnResult> {
    return this.idle.churn(task, this.plan.serverPid);
  }

  /** Stands ready inside; `connect` comes after it. */
  async receive(): Promise<void> {
    const { inside } = this.plan;
    if (inside === undefined) throw new Error("the plan has nobody inside");
    const onFault = (error: Error) => this.fail(error);
    if (inside.kind === "user") {
      readDeliveries(await logIn(inside), this.partners, { onFault });
      return;
    }
    const context = contextOf(inside);
    const take = async (raw: Socket) => {
      const { socket, acknowledge } = await acceptFromGateway(raw, context);
      readDeliveries(socket, this.partners, { other: acknowledge, onFault });
    };
    const server = createServer((raw) => void take(raw).catch(onFault));
    server.listen({ host: inside.address, port: inside.port, exclusive: true });
    await once(server, "listening");
  }

  /** Opens these partners' streams and listens for those that the server opens to answer. */
  async connect({ first, count }: ConnectTask): Promise<void> {
    const { target } = this.plan;
    const partners = this.plan.partners.slice(first, first + count);
    await this.listen((raw) => this.answerStream(raw));
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
    this.listener?.close(); // no new ones
    await Promise.all([...this.partners.values()].map((partner) => closeInOrder(partner.release())));
    this.stopListening();
    this.partners.clear();
  }

  private connected(): Traffic {
    if (this.traffic === undefined) throw new Error("connect comes first");
    return this.traffic;
  }

  /** Takes the server's connections; `answer` gives out what each has become. */
  private async listen(answer: (raw: Socket) => Promise<Socket>): Promise<void> {
    const { address, port } = this.plan.listen;
    const take = (raw: Socket) =>
      answer(raw).then(
        (socket) => {
          this.back.add(socket);
          socket.on("close", () => this.back.delete(socket));
        },
        (error: Error) => {
          raw.destroy();
          this.fail(error);
        },
      );
    this.listener = createServer((raw) => void take(raw)).listen({ host: address, port, exclusive: true });
    await once(this.listener, "listening");
  }

  private stopListening(): void {
    this.listener?.close();
    for (const socket of this.back) socket.destroy();
  }

  private async answerStream(raw: Socket): Promise<Socket> {
    const { partner, socket } = await acceptStream(raw, (domain) => this.contexts.get(domain));
    this.partners.get(partner)?.listen(socket);
    socket.resume();
    return socket;
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
