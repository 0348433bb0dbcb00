/** What a certificate's uses (extKeyUsage, RFC 5280 section 4.2.1.12) mean for SASL EXTERNAL between servers. */
import type { Certificate } from "../certificate";

const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
const ANY_PURPOSE = "2.5.29.37.0";

/** The uses that matter: whoever connects is a TLS client, whoever is connected to a TLS server. */
export type Uses = "server and client" | "server only" | "client only" | "any" | "neither";

/** What one server software makes of it. */
export interface ExternalNote {
  readonly software: string;
  /** Where the certificate's owner connects to that software. */
  readonly connecting: "taken" | "refused" | "untried";
  /** Where that software connects to the certificate's owner. */
  readonly connected: "taken" | "refused" | "untried";
  /** The same in words. */
  readonly text: string;
}

export function usesOf({ extensions }: Certificate): Uses {
  const purposes = extensions.extendedKeyUsage;
  if (purposes === undefined || purposes.includes(ANY_PURPOSE)) return "any";
  const server = purposes.includes(SERVER_AUTH);
  const client = purposes.includes(CLIENT_AUTH);
  if (server && client) return "server and client";
  if (server) return "server only";
  return client ? "client only" : "neither";
}

const both = (software: string): ExternalNote => ({
  software,
  connecting: "taken",
  connected: "taken",
  text: `${software} takes it for SASL EXTERNAL in both directions`,
});
const untried = (why: string): ExternalNote => ({
  software: "Prosody and ejabberd",
  connecting: "untried",
  connected: "untried",
  text: `not tried with Prosody and ejabberd: ${why}`,
});

/** Versions that were tried, each against certificates of these uses. */
const SOFTWARE = ["Prosody 0.12", "ejabberd 23.01", "ejabberd 24.12"] as const;

/**
 * What Prosody and ejabberd make of a certificate for SASL EXTERNAL, as far as it was tried with them.
 * @param leaf the certificate that a server presents in both roles
 */
export function externalNotes(leaf: Certificate): ExternalNote[] {
  switch (usesOf(leaf)) {
    case "server and client":
      return SOFTWARE.map(both);
    case "server only":
      return [
        both("Prosody 0.12"),
        {
          software: "ejabberd 23.01",
          connecting: "refused",
          connected: "taken",
          text: "ejabberd 23.01 takes it where it connects itself; from whoever connects to it, it refuses SASL EXTERNAL (unsupported certificate purpose), so that partner needs dialback allowed, ejabberd 24.12, or a certificate with clientAuth",
        },
        both("ejabberd 24.12"),
      ];
    case "any":
      return [untried("without extKeyUsage every use is open (RFC 5280)")];
    case "client only":
      return [untried("TLS software as a rule refuses a server whose certificate lacks serverAuth")];
    case "neither":
      return [untried("the certificate is for neither role of TLS")];
  }
}
