import { AcmeError, problemText, readProblem } from "./acme-error";
import type { Order } from "./acme-server";
import type { StoredOrder } from "./acme-state";
import { abandon, authorize } from "./authorize";
import { nextStep } from "./next-step";
import { newRequest } from "./order-request";
import type { OrderWork } from "./order-work";
import { FIRST_PAUSE, longer } from "./pause";

/**
 * Takes an order from where it is to the certificate: begun anew, or gone on with after a crash.
 * @returns the chain in PEM, leaf first, as the server gave it
 */
export async function carryThrough(work: OrderWork): Promise<string> {
  await register(work);
  const { stored, resumed } = await prepare(work);
  const order = await open(work, stored, resumed);
  const valid = await untilValid(work, order);
  const chainPem = await work.call(() => work.server.certificate(valid));
  work.at("downloaded");
  return chainPem;
}

async function register(work: OrderWork): Promise<void> {
  const { state, server } = work;
  if (state.accountUrl !== undefined) return;
  const { contact = [], agreeTerms = false } = work.options.account;
  state.accountUrl = await work.call(() => server.account(contact, agreeTerms));
  work.at("registered");
}

/** The order that was begun for the same names and key, else a new one with a new key. */
async function prepare(work: OrderWork): Promise<{ stored: StoredOrder; resumed: boolean }> {
  const { state } = work;
  const before = state.order;
  const { key } = work.options;
  const names = [...work.names].sort();
  if (before !== undefined) {
    const same = before.names.join() === names.join() && before.key.type === key.type && before.key.bits === key.bits;
    if (same) return { stored: before, resumed: before.url !== undefined };
    await work.clear(before.records);
  }
  const stored: StoredOrder = { names, key, ...(await newRequest(work.names, key)), records: [] };
  state.order = stored;
  work.at("prepared");
  return { stored, resumed: false };
}

async function open(work: OrderWork, stored: StoredOrder, resumed: boolean): Promise<Order> {
  if (resumed) {
    const order = await resume(work, stored);
    if (order !== undefined && nextStep(order).do !== "abandon") return order;
    // Expired or failed while we were away: its records are of no more use, and neither is its key.
    await work.forget();
    await prepare(work);
  }
  const order = await newOrder(work);
  const strange = order.identifiers.filter(({ value }) => !work.names.includes(value));
  if (strange.length > 0 || order.identifiers.length !== work.names.length)
    throw new AcmeError(
      "acme-answer",
      "the order that the server made has other names than we asked for",
      "tell who runs the server",
    );
  work.remember({ url: order.url });
  work.at("ordered");
  return order;
}

async function resume(work: OrderWork, { url }: StoredOrder): Promise<Order | undefined> {
  try {
    return await work.call(() => work.server.order(url ?? ""));
  } catch (error) {
    // 404: forgotten by the server (RFC 8555 section 7.1.6 lets it).
    if (error instanceof AcmeError && error.code === "acme-refused") return undefined;
    throw error;
  }
}

async function newOrder(work: OrderWork): Promise<Order> {
  const { names, server } = work;
  const { replaces } = work.options;
  try {
    return await work.call(() => server.newOrder(names, replaces));
  } catch (error) {
    // RFC 9773 section 5: somebody has renewed that certificate already. Ours is still wanted.
    const again = error instanceof AcmeError && error.problem?.type === "alreadyReplaced" && replaces !== undefined;
    if (!again) throw error;
    return work.call(() => server.newOrder(names));
  }
}

async function untilValid(work: OrderWork, first: Order): Promise<Order> {
  const { server } = work;
  let order = first;
  for (let pause = FIRST_PAUSE; ; ) {
    const step = nextStep(order).do;
    if (step !== "authorize") await clearServed(work);
    switch (step) {
      case "authorize":
        await authorize(work, order);
        break;
      case "finalize":
        order = await work.call(() => server.finalize(order, work.stored().csrPem));
        work.at("finalized");
        continue;
      case "wait":
        break;
      case "download":
        return order;
      case "abandon":
        await abandon(work, problemText(readProblem(order.error)));
    }
    await work.pause(pause);
    pause = longer(pause);
    order = await work.call(() => server.order(order.url));
  }
}

/** The names are judged: their records have served. */
async function clearServed(work: OrderWork): Promise<void> {
  const { records } = work.stored();
  if (records.length === 0) return;
  await work.clear(records);
  work.at("cleared");
}
