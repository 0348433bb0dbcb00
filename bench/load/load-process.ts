import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { LoadCommand, LoadCommands, ReplyMessage } from "./protocol";

/** The process that plays the partners. One command at a time. */
export class LoadProcess {
  private readonly child: ChildProcess;

  constructor() {
    const jiti = join(__dirname, "../../node_modules/jiti/lib/jiti-cli.mjs");
    this.child = fork(jiti, [join(__dirname, "main.ts")], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  async call<C extends LoadCommand>(
    command: C,
    argument: LoadCommands[C]["argument"],
  ): Promise<LoadCommands[C]["result"]> {
    const over = new AbortController(); // takes away the listener of whichever does not come
    const reply = once(this.child, "message", over);
    const ended = once(this.child, "exit", over).then(([code]) => {
      throw new Error(`the load's process ended with ${code} during ${command}`);
    });
    this.child.send({ command, argument });
    const [message] = (await Promise.race([reply, ended]).finally(() => {
      reply.catch(() => undefined);
      ended.catch(() => undefined);
      over.abort();
    })) as [ReplyMessage];
    if ("error" in message) throw new Error(`${command}: ${message.error}`);
    return message.result as LoadCommands[C]["result"];
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const ended = once(this.child, "exit");
    this.child.disconnect();
    await ended;
  }
}
