import { createPrivateKey, X509Certificate } from "node:crypto";
import { existsSync, readdirSync, readFileSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { AcmeError } from "../../src/certificate/acme/acme-error";
import { AcmeState } from "../../src/certificate/acme/acme-state";
import type { ChallengeAnswerer } from "../../src/certificate/acme/challenge-answerer";
import { obtain } from "../../src/certificate/acme/obtain";
import type { ObtainOptions } from "../../src/certificate/acme/obtain-options";
import { OBTAIN_STEPS } from "../../src/certificate/acme/obtain-step";
import { openCertificateStore } from "../../src/certificate/store/certificate-store";
import { AcmeSite } from "./rig/acme-site";
import { type CutRun, describeEffect, type Effect, untilPowerCut } from "./rig/power-cut";

/**
 * Where the client may crash is not listed here: a run is watched at files and sockets, and then cut before each of its
 * effects in turn. Pebble refuses one nonce in twenty, and believes no name from before.
 */
describe("a crash of the ACME client", () => {
  let site: AcmeSite;
  beforeAll(async () => {
    site = await AcmeSite.open({ refusesNonces: true, reusesAuthorizations: 0 });
    await site.pebble.process.waitForLog(/reject 5% of good nonces/);
    await site.pebble.process.waitForLog(/attempt authz reuse for each identifier 0% /);
  });
  afterAll(() => site?.close());

  const namesOf = (count: number) => Array.from({ length: count }, (_, n) => `n${n}.contoso.example`);

  interface Attempt extends CutRun<unknown> {
    /** The code of the CA's refusal, where it refused. */
    readonly refusal: string | undefined;
  }

  /** One attempt in a process of its own, as it were: all that it knows is in the folder. */
  async function attempt(
    folder: string,
    names: readonly string[],
    cut: (effect: Effect) => boolean,
    answerer: (usual: ChallengeAnswerer) => ChallengeAnswerer = (usual) => usual,
  ): Promise<Attempt> {
    let refusal: string | undefined;
    const run = await untilPowerCut({ folder, cut }, async (sleep) => {
      const usual: ObtainOptions = { ...site.options(folder, names), sleep };
      return obtain({ ...usual, answerer: answerer(usual.answerer) }).catch((error: unknown) => {
        if (!(error instanceof AcmeError && error.code === "acme-validation")) throw error;
        refusal = error.code;
        return undefined;
      });
    });
    return { ...run, refusal };
  }

  const never = () => false;

  /** What must hold once an attempt came to its end, whatever happened before. */
  async function expectDone(folder: string, names: readonly string[], known: number): Promise<void> {
    const store = openCertificateStore(folder);
    expect(store.certificates()).toHaveLength(known + 1);
    const live = store.live();
    expect(live?.id).toBe(store.certificates()[0]?.id);
    const { certificatePem, keyPem } = store.credentials(live?.id ?? "");
    const leaf = new X509Certificate(certificatePem);
    expect(leaf.subjectAltName?.split(", ").sort()).toEqual(names.map((name) => `DNS:${name}`).sort());
    expect(leaf.checkPrivateKey(createPrivateKey(keyPem))).toBe(true);
    const left = await Promise.all(names.map((name) => site.host.read(`_acme-challenge.${name}`, "TXT")));
    expect(left.flat()).toEqual([]);
  }

  /** What the server's log says of orders is complete when it says that a certificate was fetched. */
  async function ordersSince(mark: { readonly lines: number; readonly orders: number }): Promise<number> {
    await site.pebble.process.waitForLog(/POST \/certZ/, { from: mark.lines });
    return site.pebble.orders() - mark.orders;
  }
  const mark = () => ({ lines: site.pebble.process.log.length, orders: site.pebble.orders() });

  /**
   * Orders that nobody can go on with: the power went between the server's making one and our writing its URL down.
   * At most one a crash, and at no other point.
   */
  function lostOrders(folder: string, { effects, cutBefore }: CutRun<unknown>, known: number): number {
    const asked = effects.some(({ label }) => label === "POST /order-plz");
    const store = openCertificateStore(folder);
    const state = new AcmeState(store.folder("acme"), site.pebble.directory);
    const noted = state.order?.url !== undefined || store.certificates().length > known;
    if (!asked || noted) return 0;
    expect(cutBefore?.label).toMatch(/^(POST \/order-plz|(create|write|rename) acme\/order\.json)/);
    return 1;
  }

  /** The effects of a run, one a row of like ones and one in the middle of long rows. */
  function pointsOf(effects: readonly Effect[]): Effect[] {
    return effects.filter(({ nth }, n) => {
      if (nth === 1) return true;
      const rowEnds = effects.findIndex((one, after) => after > n && one.nth === 1);
      const first = n - nth + 1;
      const size = (rowEnds === -1 ? effects.length : rowEnds) - first;
      return size >= 3 && nth === Math.ceil((size + 1) / 2);
    });
  }

  /** Cuts at a point of an earlier run, or at the next one that this run comes to. */
  function cutAt(point: Effect, effects: readonly Effect[]): (effect: Effect) => boolean {
    const rows = effects.filter(({ nth }) => nth === 1).map(({ label, row }) => `${label} ${row}`);
    const at = rows.indexOf(`${point.label} ${point.row}`);
    return ({ label, row, nth }) => {
      const here = rows.indexOf(`${label} ${row}`);
      return here > at || (here === at && nth >= point.nth);
    };
  }

  interface Crash {
    readonly folder: string;
    readonly names: readonly string[];
    readonly cut: (effect: Effect) => boolean;
    /** Orders beside the first that are no waste. */
    readonly more?: number;
    readonly answerer?: (usual: ChallengeAnswerer) => ChallengeAnswerer;
  }

  /** One crash, hours, and a new process; then all must be as if nothing had been. */
  async function crashAndResume({ folder, names, cut, more = 0, answerer }: Crash): Promise<void> {
    const before = existsSync(folder) ? openCertificateStore(folder).certificates() : [];
    const start = mark();
    const crashed = await attempt(folder, names, cut, answerer);
    expect(crashed.cutBefore).toBeDefined();
    try {
      hoursPass(folder);
      const lost = lostOrders(folder, crashed, before.length);
      await resume(folder, names, before[0]?.id);
      await expectDone(folder, names, before.length);
      expect(await ordersSince(start)).toBeLessThanOrEqual(1 + lost + more);
      expect(unfinished(folder)).toEqual([]);
    } catch (error) {
      const where = describeEffect(crashed.cutBefore as Effect);
      throw new Error(`cut before ${where}: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Who wanted a certificate looks whether there is a new one, and calls again where there is none. */
  async function resume(folder: string, names: readonly string[], before: string | undefined): Promise<void> {
    const live = openCertificateStore(folder).live();
    // Until there is a new one, the present one stays live.
    if (live?.id === before) await attempt(folder, names, never);
  }

  /** Not files that are not finished: how many names there are is nothing to them, and 1 and 100 names have them. */
  const seen = ({ label }: Effect) => !/^(create|write) .*unfinished/.test(label);
  const halfWay = ({ nth }: Effect) => nth > 1;

  test("before each effect of issuing for 1 name is resumed", async () => {
    const names = namesOf(1);
    const course = (await attempt(site.folder(), names, never)).effects;
    const points = pointsOf(course);
    // It would be no proof if the watching were broken: there is more than one effect a step.
    expect(points.length).toBeGreaterThan(OBTAIN_STEPS.length * 3);
    for (const point of points) await crashAndResume({ folder: site.folder(), names, cut: cutAt(point, course) });
  });

  test.each([
    { count: 10, where: "each effect that others can see", chosen: seen, atLeast: OBTAIN_STEPS.length * 2 },
    { count: 100, where: "the middle of each row of like effects", chosen: halfWay, atLeast: 5 },
  ])("before $where of renewing for $count names is resumed", async ({ count, chosen, atLeast }) => {
    const names = namesOf(count);
    const folder = site.folder();
    await attempt(folder, names, never);
    const course = (await attempt(folder, names, never)).effects;
    const points = pointsOf(course).filter(chosen);
    expect(points.length).toBeGreaterThanOrEqual(atLeast);
    for (const point of points) await crashAndResume({ folder, names, cut: cutAt(point, course) });
  });

  test("after crash, at each effect of issuing for 100 names and of every resumption, ends in one certificate", async () => {
    const names = namesOf(100);
    const folder = site.folder();
    const start = mark();
    const tried = new Set<string>();
    let lost = 0;
    for (let previous = ""; ; previous = "") {
      const run = await attempt(folder, names, ({ label, nth }) => {
        const much = nth === 1 ? "first" : nth <= names.length / 2 ? "next" : "later";
        const point = `${durableState(folder)}: ${much} ${label} after ${previous}`;
        previous = label;
        if (tried.has(point)) return false;
        tried.add(point);
        return true;
      });
      if (existsSync(join(folder, "assignments.json"))) break;
      expect(run.cutBefore).toBeDefined();
      hoursPass(folder);
      lost += lostOrders(folder, run, 0);
    }
    await expectDone(folder, names, 0);
    expect(tried.size).toBeGreaterThan(OBTAIN_STEPS.length * 3);
    expect(await ordersSince(start)).toBeLessThanOrEqual(1 + lost);
    expect(unfinished(folder)).toEqual([]);
  });

  test.each([1, 10, 100])("while the CA refuses one of %i name(s) is resumed, by a new order", async (count) => {
    const names = namesOf(count);
    const folder = site.folder();
    /** One record never gets into the DNS, and we do not notice; the CA does. */
    const lacking = (usual: ChallengeAnswerer): ChallengeAnswerer => ({
      ...usual,
      present: (records) => usual.present(records.slice(1)),
      shown: (records) => usual.shown(records.slice(1)),
    });
    const refused = await attempt(folder, names, never, lacking);
    expect(refused).toMatchObject({ result: undefined, refusal: "acme-validation" });
    const left = await Promise.all(names.map((name) => site.host.read(`_acme-challenge.${name}`, "TXT")));
    expect(left.flat()).toEqual([]);
    const course = refused.effects;
    const answered = course.findIndex(({ label }) => label === "POST /chalZ");
    const points = pointsOf(course.slice(answered)).filter(({ label, nth }) => {
      return count < 100 || (label === "POST /chalZ" ? nth > 1 : /^(DNS update|rm )/.test(label));
    });
    expect(points.length).toBeGreaterThanOrEqual(3);
    for (const point of points)
      await crashAndResume({ folder, names, cut: cutAt(point, course), more: 1, answerer: lacking });
  });
});

/** Makes all that a crash left look two hours old: what is left behind may be taken away then. */
function hoursPass(folder: string): void {
  const then = new Date(Date.now() - 2 * 3_600_000);
  for (const path of allPaths(folder)) utimesSync(path, then, then);
}

const unfinished = (folder: string) => allPaths(folder).filter((path) => path.includes(".unfinished-"));

function allPaths(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name));
}

/** What the next process will find, in short. */
function durableState(folder: string): string {
  const paths = allPaths(folder).filter((path) => !path.includes(".unfinished-"));
  const order = paths.find((path) => path.endsWith("order.json"));
  const text = order === undefined ? "" : readFileSync(order, "utf8");
  const held = ['"url"', '"owner"'].filter((part) => text.includes(part));
  return [paths.length, ...held].join(" ");
}
