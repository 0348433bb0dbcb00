import { AcmeError, problemText, readProblem } from "./acme-error";
import type { AcmeChallenge, Authorization, Order } from "./acme-server";
import type { AnswerRecord } from "./acme-state";
import { eachOf } from "./each-of";
import { nameStep } from "./next-step";
import type { OrderWork } from "./order-work";
import { FIRST_PAUSE, longer } from "./pause";

/** Requests to the CA under way at once. */
const AT_ONCE = 4;
/** Names of which an error tells. */
const MAXIMUM_TOLD = 20;

/**
 * Proves every name of an order to the CA and waits for its judgement.
 * @throws AcmeError `acme-validation` where it refuses one: the order is over then
 */
export async function authorize(work: OrderWork, order: Order): Promise<void> {
  const { answerer } = work.options;
  const open = await authorizations(work, order.authorizations);
  const toPublish = open.filter((one) => nameStep(one, answerer.type) === "publish");
  const records: AnswerRecord[] = [];
  await eachOf(toPublish, AT_ONCE, async (authorization) => {
    records.push(await recordFor(work, authorization));
  });
  // Those that the CA judges already, too: what we listen with went with the process that a crash ended.
  const all = union(work.stored().records, records);
  if (records.length === 0 && all.length > 0) await answerer.present(all);
  if (records.length > 0) {
    work.remember({ records: all });
    work.at("publishing");
    await answerer.present(all);
    work.at("published");
    await answerer.shown(records);
    work.at("shown");
    await eachOf(toPublish, AT_ONCE, (one) => work.call(() => work.server.respond(challengeOf(one, answerer.type))));
    work.at("answered");
  }
  await validated(work, open);
  work.at("validated");
}

/** A failed order is over (RFC 8555 section 7.1.6): the next attempt begins anew. */
export async function abandon(work: OrderWork, reason: string): Promise<never> {
  await work.forget();
  const { remedy } = work.options.answerer;
  throw new AcmeError("acme-validation", `the CA could not validate the order: ${reason}`, remedy);
}

async function recordFor({ names, options, server }: OrderWork, authorization: Authorization) {
  const { value: name } = authorization.identifier;
  if (!names.includes(name) && !names.includes(`*.${name}`))
    throw new AcmeError("acme-answer", "the server wants a name validated that we did not ask for", "tell who runs it");
  const { answerer } = options;
  const keyAuthorization = server.keyAuthorization(challengeOf(authorization, answerer.type));
  return answerer.recordFor(authorization, await keyAuthorization);
}

/** Waits until the server has judged every name. */
async function validated(work: OrderWork, authorized: readonly Authorization[]): Promise<void> {
  const { type } = work.options.answerer;
  let open = authorized;
  for (let pause = FIRST_PAUSE; ; pause = longer(pause)) {
    const failed = open.filter((one) => nameStep(one, type) === "failed");
    if (failed.length > 0)
      await abandon(
        work,
        failed
          .slice(0, MAXIMUM_TOLD)
          .map((one) => failureOf(one, type))
          .join("; "),
      );
    open = open.filter((one) => nameStep(one, type) !== "done");
    if (open.length === 0) return;
    await work.pause(pause);
    open = await authorizations(
      work,
      open.map(({ url }) => url),
    );
  }
}

async function authorizations(work: OrderWork, urls: readonly string[]): Promise<Authorization[]> {
  const found: Authorization[] = [];
  await eachOf(urls, AT_ONCE, async (url) => {
    found.push(await work.call(() => work.server.authorization(url)));
  });
  return found;
}

function challengeOf({ challenges, identifier }: Authorization, wanted: string): AcmeChallenge {
  const challenge = challenges.find(({ type }) => type === wanted);
  if (challenge !== undefined) return challenge;
  throw new AcmeError(
    "acme-refused",
    `the CA offers no ${wanted} for ${identifier.value}`,
    "use a CA that validates by it",
  );
}

function failureOf({ identifier, challenges, status }: Authorization, answered: string): string {
  const challenge = challenges.find(({ status: one }) => one === "invalid");
  const offered = challenges.some(({ type }) => type === answered);
  const why =
    challenge !== undefined
      ? problemText(readProblem(challenge.error))
      : status === "pending" && !offered
        ? `the CA offers no ${answered} for it`
        : `its authorization is ${status}`;
  return `${identifier.value}: ${why}`;
}

function union(a: readonly AnswerRecord[], b: readonly AnswerRecord[]): AnswerRecord[] {
  const all = new Map([...a, ...b].map((record) => [JSON.stringify(record), record]));
  return [...all.values()];
}
