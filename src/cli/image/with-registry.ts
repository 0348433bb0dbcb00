import { RegistryError } from "../../gateway/image/registry";
import { type CliContext, CommandError, UsageError } from "../context";

/** Runs `work` with a registry; what went wrong ends the command with its remedy. */
export async function withRegistry<T>(context: CliContext, label: string, work: () => Promise<T>): Promise<T> {
  const progress = context.progress(label);
  try {
    const result = await work();
    progress.done();
    return result;
  } catch (error) {
    progress.done("failed");
    if (!(error instanceof RegistryError)) throw error;
    if (error.code === "repository-invalid" || error.code === "layout-missing")
      throw new UsageError(error.message, error.remedy);
    throw new CommandError(`${error.message} (${error.code})`, 1, error.remedy);
  }
}
