import type { ServerAddress } from "../../../dns/resolver";
import type { AnswerRecord, ResponseRecord } from "../acme-state";
import type { ChallengeAnswerer } from "../challenge-answerer";
import { openHttpResponder } from "./http-responder";
import type { Responder } from "./responder";
import { openTlsAlpnResponder } from "./tls-alpn-responder";

/** The CA comes to these ports, whatever it is told (RFC 8555 section 8.3, RFC 8737 section 3). */
export const CHALLENGE_PORTS = { "http-01": 80, "tls-alpn-01": 443 } as const;

export interface RespondingOptions {
  /** Addresses to listen on. Default: every address of the host, at the challenge's port. */
  readonly listen?: readonly ServerAddress[] | undefined;
  readonly now: () => number;
}

/** HTTP-01 (RFC 8555 section 8.3): a file that the CA fetches from port 80 of every name. */
export function httpAnswerer({ listen }: RespondingOptions): ChallengeAnswerer {
  return answerer(
    "http-01",
    "see that each name leads to this host, or to one that redirects /.well-known/acme-challenge/ here, that port 80 comes through, and that CAA records allow this CA",
    () => openHttpResponder(listen ?? everywhere("http-01")),
  );
}

/** TLS-ALPN-01 (RFC 8737): a certificate that the CA is shown at port 443 of every name. */
export function tlsAlpnAnswerer({ listen, now }: RespondingOptions): ChallengeAnswerer {
  return answerer(
    "tls-alpn-01",
    "see that each name leads to this host, that port 443 comes through with nothing that ends TLS in between, and that CAA records allow this CA",
    () => openTlsAlpnResponder(listen ?? everywhere("tls-alpn-01"), now),
  );
}

const everywhere = (type: ResponseRecord["challenge"]): ServerAddress[] => [
  { address: "::", port: CHALLENGE_PORTS[type] },
];

/** Listens as long as there is something to answer. */
function answerer(
  type: ResponseRecord["challenge"],
  remedy: string,
  open: () => Promise<Responder>,
): ChallengeAnswerer {
  const answers = new Map<string, ResponseRecord>();
  let responder: Responder | undefined;
  const close = async () => {
    answers.clear();
    await responder?.close();
    responder = undefined;
  };
  const ours = (records: readonly AnswerRecord[]) =>
    records.filter((record): record is ResponseRecord => record.type === "response" && record.challenge === type);
  return {
    type,
    remedy,
    recordFor: async ({ identifier, challenges }, keyAuthorization) => ({
      type: "response",
      challenge: type,
      name: identifier.value,
      token: challenges.find((one) => one.type === type)?.token ?? "",
      keyAuthorization,
    }),
    async present(records) {
      for (const record of ours(records)) answers.set(record.token, record);
      if (answers.size === 0) return;
      responder ??= await open();
      await responder.answer([...answers.values()]);
    },
    // What listens is there; whether the CA's way leads to it is seen from the CA alone.
    shown: async () => undefined,
    async remove(records) {
      for (const { token } of ours(records)) answers.delete(token);
      if (answers.size === 0) await close();
      else await responder?.answer([...answers.values()]);
    },
    close,
  };
}
