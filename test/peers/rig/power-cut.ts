import dgram from "node:dgram";
import fs from "node:fs";
import https from "node:https";
import net from "node:net";
import { jest } from "@jest/globals";

/** What every effect ends with from the cut on. */
export class PowerCut extends Error {
  override readonly name = "PowerCut";
}

/** Something that outlasts the process: a change of a file, or a question sent to another machine. */
export interface Effect {
  /** What it is, without what differs from run to run: `rename acme/order.json`, `POST /authZ`, `DNS update`. */
  readonly label: string;
  /** Its place among those of its kind that come one after another, from 1: how many depends on the peers. */
  readonly nth: number;
  /** Which of such rows of its kind, from 1. */
  readonly row: number;
}

export interface PowerCutOptions {
  /** Changes below this folder count; those elsewhere are none of our business. */
  readonly folder: string;
  /** True cuts the power before the effect comes about. */
  readonly cut: (effect: Effect) => boolean;
}

/** The outcome of a run. */
export interface CutRun<T> {
  /** Every effect that came about, in order. */
  readonly effects: readonly Effect[];
  /** What would have come next when the power was cut; undefined where it never was. */
  readonly cutBefore: Effect | undefined;
  /** What the work gave, where it came to its end. */
  readonly result: T | undefined;
}

/**
 * Does some work and cuts its power at one point: that effect does not come about, and none after it, not even those of
 * clean-up code. The points are found where the process meets the world, so none can be forgotten.
 */
export async function untilPowerCut<T>(
  { folder, cut }: PowerCutOptions,
  work: (sleep: (milliseconds: number) => Promise<void>) => Promise<T>,
): Promise<CutRun<T>> {
  const effects: Effect[] = [];
  const rows = new Map<string, number>();
  let cutBefore: Effect | undefined;
  const live = () => {
    if (cutBefore !== undefined) throw new PowerCut(describeEffect(cutBefore));
  };
  const pass = (label: string) => {
    live();
    const last = effects.at(-1);
    const again = last?.label === label;
    const row = (rows.get(label) ?? 0) + (again ? 0 : 1);
    const effect = { label, row, nth: again ? last.nth + 1 : 1 };
    if (cut(effect)) cutBefore = effect;
    live();
    rows.set(label, row);
    effects.push(effect);
  };
  const restore = watchEffects(folder, { pass, live });
  try {
    const sleep = (milliseconds: number) => {
      live();
      return new Promise<void>((done) => setTimeout(done, milliseconds / 20));
    };
    const result = await work(sleep).catch((error: unknown) => {
      if (cutBefore === undefined) throw error;
      return undefined;
    });
    return { effects, cutBefore, result: cutBefore === undefined ? result : undefined };
  } finally {
    restore();
  }
}

/** For people. */
export const describeEffect = ({ label, row, nth }: Effect) => `${label} #${row}.${nth}`;

interface Fuse {
  /** Counts an effect, or throws in its place. */
  pass(label: string): void;
  /** Throws once the power is cut. */
  live(): void;
}

function watchEffects(folder: string, { pass, live }: Fuse): () => void {
  const inside = (path: unknown): path is string => typeof path === "string" && path.startsWith(folder);
  const place = (path: string) =>
    path
      .slice(folder.length + 1)
      .replace(/\.unfinished-(.*)-[0-9a-f]{12}/, "$1, unfinished")
      .replace(/\d{8}-\d{6}-[0-9a-f]{8}/, "ID")
      .replace(/acme\/[^/]+\//, "acme/");
  const spies: { mockRestore(): void }[] = [];

  const files = ["renameSync", "linkSync", "rmSync", "mkdirSync"] as const;
  for (const name of files) {
    const real = fs[name] as (...args: unknown[]) => unknown;
    const spy = jest.spyOn(fs, name) as unknown as jest.SpiedFunction<(...args: unknown[]) => unknown>;
    spies.push(
      spy.mockImplementation((...args) => {
        // A rename is known by what comes of it.
        const path = name === "renameSync" || name === "linkSync" ? args[1] : args[0];
        const idle = name === "mkdirSync" && fs.existsSync(path as string);
        if (inside(path) && !idle) pass(`${name.replace("Sync", "")} ${place(path)}`);
        return real(...args);
      }),
    );
  }
  const opened = new Map<number, string>();
  const open = fs.openSync;
  spies.push(
    jest.spyOn(fs, "openSync").mockImplementation((path, flags, mode) => {
      const changes = inside(path) && typeof flags === "string" && flags !== "r";
      if (changes) pass(`create ${place(path)}`);
      const descriptor = open(path, flags, mode);
      if (changes) opened.set(descriptor, path);
      else opened.delete(descriptor);
      return descriptor;
    }),
  );
  const write = fs.writeFileSync;
  spies.push(
    jest.spyOn(fs, "writeFileSync").mockImplementation((file, data, options) => {
      const path = typeof file === "number" ? opened.get(file) : file;
      if (inside(path)) pass(`write ${place(path)}`);
      write(file, data, options);
    }),
  );
  const request = https.request as (...args: unknown[]) => ReturnType<typeof https.request>;
  const requestSpy = jest.spyOn(https, "request") as unknown as jest.SpiedFunction<typeof request>;
  spies.push(
    requestSpy.mockImplementation((...args) => {
      const [url, options] = args as [URL, { method: string }];
      // The directory and new nonces leave nothing behind, and nonces come and go as the server pleases.
      if (options.method === "POST") pass(`POST /${url.pathname.split("/")[1]}`);
      else live();
      return request(...args);
    }),
  );
  // Updates go by TCP, questions by UDP.
  const connect = net.connect as (...args: unknown[]) => net.Socket;
  const connectSpy = jest.spyOn(net, "connect") as unknown as jest.SpiedFunction<typeof connect>;
  spies.push(
    connectSpy.mockImplementation((...args) => {
      pass("DNS update");
      return connect(...args);
    }),
  );
  const socket = dgram.createSocket as (...args: unknown[]) => dgram.Socket;
  const socketSpy = jest.spyOn(dgram, "createSocket") as unknown as jest.SpiedFunction<typeof socket>;
  spies.push(
    socketSpy.mockImplementation((...args) => {
      pass("DNS question");
      return socket(...args);
    }),
  );
  return () => {
    for (const spy of spies) spy.mockRestore();
  };
}
