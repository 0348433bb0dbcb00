/** The load in a process of its own, so that what it costs is not the server's. Told what to do over IPC. */
import { Load } from "./load";
import type { LoadCommand, LoadCommands, ReplyMessage } from "./protocol";

let load: Load | undefined;

const commands: { [C in LoadCommand]: (argument: LoadCommands[C]["argument"]) => Promise<LoadCommands[C]["result"]> } =
  {
    async prepare(plan) {
      load = new Load(plan);
      return null;
    },
    setUps: (task) => prepared().setUps(task),
    async hold(task) {
      await prepared().hold(task);
      return null;
    },
    async receive() {
      await prepared().receive();
      return null;
    },
    async release() {
      await prepared().release();
      return null;
    },
    churn: (task) => prepared().churn(task),
    async connect(task) {
      await prepared().connect(task);
      return null;
    },
    saturate: (task) => prepared().saturate(task),
    pace: (task) => prepared().pace(task),
    async disconnect() {
      await prepared().disconnect();
      return null;
    },
  };

function prepared(): Load {
  if (load === undefined) throw new Error("prepare comes first");
  return load;
}

async function perform({ command, argument }: { command: LoadCommand; argument: unknown }): Promise<ReplyMessage> {
  try {
    // The other side's types promise that command and argument belong together.
    return { result: await (commands[command] as (argument: unknown) => Promise<unknown>)(argument) };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

process.on("message", (message: { command: LoadCommand; argument: unknown }) => {
  void perform(message).then((reply) => process.send?.(reply));
});
process.on("disconnect", () => process.exit(0)); // the bench is gone, however it ended
