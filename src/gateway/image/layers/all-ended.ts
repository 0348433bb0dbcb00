/**
 * Gives what all of them gave. Where one fails, `stop` asks the others to end, and the first fault is thrown when the
 * last of them has ended: nothing works on behind the caller's back.
 */
export async function allEnded<T>(running: readonly Promise<T>[], stop: () => void): Promise<readonly T[]> {
  const faults: unknown[] = [];
  const settled = await Promise.allSettled(
    running.map((one) =>
      one.catch((error: unknown) => {
        faults.push(error);
        stop();
        throw error;
      }),
    ),
  );
  if (faults.length > 0) throw faults[0];
  return settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
}
