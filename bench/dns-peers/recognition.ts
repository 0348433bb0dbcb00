import { OURS } from "./tools";

/**
 * By tool and domain of the sample, the words with which a tool names that domain's fault. Where a pair is missing
 * the tool was seen to say nothing of it (2026-11-23); a version that learns to needs its words here.
 */
export const NAMES_THE_FAULT: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {
  [OURS]: {
    "srv-missing": /"id":\s*"srv-missing"/,
    "srv-port": /"id":\s*"srv-port"/,
    "srv-target": /"id":\s*"srv-target"/,
    "srv-target-alias": /"id":\s*"srv-target(-alias)?"/,
    "servers-differ": /"id":\s*"ns-answers-differ"/,
    "server-silent": /"id":\s*"ns-unreachable"/,
    "server-lame": /"id":\s*"ns-lame"/,
    "dnssec-expired": /"id":\s*"dnssec-expired"/,
    "dnssec-ds": /"id":\s*"dnssec-ds-mismatch"/,
  },
  "zonemaster-cli": {
    "server-silent": /NO_RESPONSE_UDP/,
    "server-lame": /"NS_FAILED"|IS_NOT_AUTHORITATIVE/,
    "dnssec-expired": /RRSIG_EXPIRED/,
    "dnssec-ds": /NO_DNSKEY_FOR_DS/,
  },
  dnsviz: {
    "server-silent": /SERVER_UNRESPONSIVE_UDP/,
    "server-lame": /SERVER_INVALID_RESPONSE_UDP/,
    "dnssec-expired": /EXPIRATION_IN_PAST/,
    "dnssec-ds": /"NO_SEP"/,
  },
  "prosodyctl check dns": {
    "srv-port": /contains unknown server port: 5222/,
    "srv-target": /points to unknown address 11\.7\.9\.9/,
  },
  // What it shows without a word about it (another port, another target) is not a fault found.
  "xmpp-dns": { "srv-missing": /xmpp-server lookup: .*no such host/ },
};

/** Does a sound domain get no fault from it? By what says so in each. */
export const CALLS_IT_SOUND: Readonly<Record<string, (said: string, exitCode: number | null) => boolean>> = {
  [OURS]: (said) => /"verdict":\s*"pass"/.test(said),
  "zonemaster-cli": (said) => !/"level":"(ERROR|CRITICAL)"/.test(said),
  dnsviz: (said) => !/"errors?":/.test(said),
  "prosodyctl check dns": (_, exitCode) => exitCode === 0,
  "xmpp-dns": (said) => !/lookup .*(no such host|misbehaving)/.test(said),
};
