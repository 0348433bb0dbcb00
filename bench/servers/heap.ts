/**
 * Has a Node process collect its garbage and tells what of its heap is left (V8's `HeapProfiler` and `Runtime`).
 *
 * @param inspector the address at which the process was started to listen for a debugger (`--inspect`)
 */
export async function heapBytes(inspector: string): Promise<number> {
  const socket = new WebSocket(inspector);
  const heard = new Map<number, (result: unknown) => void>();
  let asked = 0;
  const failed = new Promise<never>((_, reject) => {
    const lost = () => reject(new Error("the inspector of the gateway does not answer"));
    socket.addEventListener("error", lost);
    socket.addEventListener("close", lost);
  });
  failed.catch(() => undefined); // it closes at the end, too
  socket.addEventListener("message", ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { id?: number; result?: unknown };
    if (id !== undefined) heard.get(id)?.(result);
  });
  const ask = (method: string) =>
    Promise.race([
      failed,
      new Promise<unknown>((resolve) => {
        heard.set(++asked, resolve);
        socket.send(JSON.stringify({ id: asked, method }));
      }),
    ]);
  try {
    await Promise.race([failed, new Promise((resolve) => socket.addEventListener("open", resolve))]);
    for (let time = 0; time < 3; time++) await ask("HeapProfiler.collectGarbage"); // what finalizers let go of, too
    return ((await ask("Runtime.getHeapUsage")) as { usedSize: number }).usedSize;
  } finally {
    socket.close();
  }
}
