import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Makes a directory and those above it. Node's own recursive way never ends where a file system answers ENOENT to
 * every new name, as /proc does.
 */
export async function makeDirectory(path: string): Promise<void> {
  const fault = await attempt(path);
  if (fault === undefined) return;
  if (fault.code !== "ENOENT" || dirname(path) === path) throw fault;
  await makeDirectory(dirname(path));
  const again = await attempt(path);
  if (again !== undefined) throw again;
}

async function attempt(path: string): Promise<NodeJS.ErrnoException | undefined> {
  try {
    await mkdir(path);
    return undefined;
  } catch (error) {
    const fault = error as NodeJS.ErrnoException;
    return fault.code === "EEXIST" ? undefined : fault;
  }
}
