/** What servers say to each other, rightly and wrongly: the pieces of which fuzz cases are made. */
import { LOCAL, REMOTE } from "../../documents";
import { streamHeader } from "../../raw-peer";
import type { Chance } from "./chance";

/** A second partner, so that one may speak for the other. */
export const OTHER = "partner.example";
const STRANGER = "stranger.example";
const DOMAINS = [
  REMOTE,
  REMOTE,
  REMOTE,
  OTHER,
  LOCAL,
  STRANGER,
  REMOTE.toUpperCase(),
  `${REMOTE}.`,
  "a b",
  "ann@fabrikam.example",
  "",
];
const NS = {
  tls: "urn:ietf:params:xml:ns:xmpp-tls",
  sasl: "urn:ietf:params:xml:ns:xmpp-sasl",
  sm: "urn:xmpp:sm:3",
  bidi: "urn:xmpp:bidi",
  streams: "urn:ietf:params:xml:ns:xmpp-streams",
};

const domain = (chance: Chance) => chance.of(DOMAINS);
const ours = (chance: Chance) => (chance.once(6) ? domain(chance) : LOCAL);
const theirs = (chance: Chance) => (chance.once(4) ? domain(chance) : REMOTE);
const number = (chance: Chance) => chance.of(["0", "1", "2", "7", "-1", "4294967295", "4294967296", "1e3", ""]);

export function header(chance: Chance, id?: string): string {
  return streamHeader({
    from: chance.once(12) ? null : theirs(chance),
    to: chance.once(12) ? null : ours(chance),
    version: chance.once(8) ? chance.of([null, "0.9", "2.0", "", "1"]) : "1.0",
    xmlns: chance.once(20) ? "jabber:client" : "jabber:server",
    ...(id === undefined ? {} : { id: chance.once(12) ? chance.of(["", "a b", "x".repeat(300)]) : id }),
  });
}

export function stanza(chance: Chance): string {
  const name = chance.of(["message", "presence", "iq"]);
  const from = chance.of([`ann@${theirs(chance)}`, `ann@${theirs(chance)}/x`, theirs(chance)]);
  const to = chance.of([`alice@${ours(chance)}`, `alice@${ours(chance)}/desk`, ours(chance)]);
  const type = chance.of([
    "",
    " type='get'",
    " type='error'",
    " type='result'",
    " type='subscribe'",
    " type='__proto__'",
  ]);
  const ns = chance.once(20) ? " xmlns='jabber:client'" : "";
  return `<${name} from='${from}' to='${to}' id='i'${type}${ns}><body>hello</body></${name}>`;
}

const auth = (chance: Chance, mechanism = "EXTERNAL") => {
  const authzid = chance.of([REMOTE, REMOTE, OTHER, "", `${REMOTE}\0${OTHER}`, LOCAL, "ä".repeat(40)]);
  const payload = chance.of([
    Buffer.from(authzid).toString("base64"),
    "=",
    "",
    "!!!!",
    `${Buffer.from(authzid).toString("base64")} `,
  ]);
  return `<auth xmlns='${NS.sasl}' mechanism='${mechanism}'>${payload}</auth>`;
};
const dialback = (chance: Chance, name: "result" | "verify", type: string) =>
  `<db:${name} from='${theirs(chance)}' to='${ours(chance)}'${name === "verify" || chance.once(9) ? ` id='${chance.of(["id-1", "id-2", ""])}'` : ""}${type}>${chance.of(["key", "", "a".repeat(64)])}</db:${name}>`;
const streamError = (chance: Chance) =>
  `<stream:error><${chance.of(["reset", "host-unknown", "nonsense", "see-other-host"])} xmlns='${NS.streams}'>${chance.of(["", "other.example", "[::1]:1", "169.254.169.254"])}</${"reset"}></stream:error>`;
const management = (chance: Chance) =>
  `<${chance.of(["enable", "enable resume='true'", "r", `a h='${number(chance)}'`, `resume previd='${chance.of(["id-1", "x"])}' h='${number(chance)}'`, "enabled", "failed", `resumed previd='x' h='${number(chance)}'`])} xmlns='${NS.sm}'/>`;
const STARTTLS = `<starttls xmlns='${NS.tls}'/>`;
const END = "</stream:stream>";

/** One thing that a server may say at any moment, to whom it connects. */
export function initiatorsWord(chance: Chance): string {
  return chance.of([
    () => header(chance),
    () => STARTTLS,
    () => auth(chance),
    () => auth(chance, chance.of(["PLAIN", "DIGEST-MD5", "external", ""])),
    () => `<${chance.of(["response", "abort", "success", "challenge"])} xmlns='${NS.sasl}'/>`,
    () => dialback(chance, "result", ""),
    () => dialback(chance, "result", " type='valid'"),
    () => dialback(chance, "verify", ""),
    () => dialback(chance, "verify", " type='valid'"),
    () => stanza(chance),
    () => stanza(chance),
    () => `<bidi xmlns='${NS.bidi}'/>`,
    () => management(chance),
    () => `<compress xmlns='http://jabber.org/protocol/compress'><method>zlib</method></compress>`,
    () => streamError(chance),
    () => " \n",
    () => "<x xmlns='urn:unknown'/>",
    () => `<message>${"<a>".repeat(chance.below(300))}`,
    () => END,
  ])();
}

/** Exchanges as they should be, of which cases are made: by certificate, by dialback in plain and over TLS. */
export function initiatorsExchange(chance: Chance): string[] {
  const open = streamHeader();
  const key = `<db:result from='${REMOTE}' to='${LOCAL}'>key</db:result>`;
  const good = `<auth xmlns='${NS.sasl}' mechanism='EXTERNAL'>${Buffer.from(REMOTE).toString("base64")}</auth>`;
  const message = `<message from='ann@${REMOTE}' to='alice@${LOCAL}' id='m'><body>hello</body></message>`;
  const second = `<db:result from='${OTHER}' to='${LOCAL}'>key</db:result>`;
  return chance.of([
    [open, STARTTLS, open, good, open, message, management(chance), message, END],
    [open, key, message, END],
    [open, STARTTLS, open, key, message, second, message, END],
    [open, `<db:verify from='${REMOTE}' to='${LOCAL}' id='id-1'>key</db:verify>`, END],
    [open, STARTTLS, open, `<bidi xmlns='${NS.bidi}'/>`, good, open, message, END],
  ]);
}

const features = (chance: Chance) => {
  const parts = [
    chance.once(2) ? `<starttls xmlns='${NS.tls}'>${chance.once(2) ? "<required/>" : ""}</starttls>` : "",
    chance.once(2)
      ? `<mechanisms xmlns='${NS.sasl}'><mechanism>${chance.of(["EXTERNAL", "PLAIN", ""])}</mechanism></mechanisms>`
      : "",
    chance.once(2) ? "<dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>" : "",
    chance.once(3) ? "<sm xmlns='urn:xmpp:sm:3'/>" : "",
    chance.once(3) ? "<bidi xmlns='urn:xmpp:features:bidi'/>" : "",
    chance.once(6) ? "<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>99999999999</max-bytes></limits>" : "",
  ];
  return `<stream:features>${parts.join("")}</stream:features>`;
};

/** One thing that a server may say at any moment, to who has connected to it. */
export function receiversWord(chance: Chance): string {
  return chance.of([
    () => header(chance, "id-1"),
    () => features(chance),
    () => `<${chance.of(["proceed", "failure"])} xmlns='${NS.tls}'/>`,
    () => `<${chance.of(["success", "failure", "challenge", "success"])} xmlns='${NS.sasl}'/>`,
    () => dialback(chance, "result", chance.of([" type='valid'", " type='invalid'", " type='error'", ""])),
    () => dialback(chance, "verify", chance.of([" type='valid'", " type='invalid'", " type='error'", ""])),
    () => management(chance),
    () => stanza(chance),
    () => streamError(chance),
    () => " ",
    () => "<x xmlns='urn:unknown'/>",
    () => END,
  ])();
}

export function receiversExchange(chance: Chance): string[] {
  const open = streamHeader({ from: REMOTE, to: LOCAL, id: "id-1" });
  const tls = `<stream:features><starttls xmlns='${NS.tls}'><required/></starttls></stream:features>`;
  const proceed = `<proceed xmlns='${NS.tls}'/>`;
  const external = `<stream:features><mechanisms xmlns='${NS.sasl}'><mechanism>EXTERNAL</mechanism></mechanisms><bidi xmlns='urn:xmpp:features:bidi'/></stream:features>`;
  const success = `<success xmlns='${NS.sasl}'/>`;
  const after = "<stream:features><sm xmlns='urn:xmpp:sm:3'/></stream:features>";
  const enabled = "<enabled xmlns='urn:xmpp:sm:3' id='s' resume='true'/>";
  const back = `<message from='ann@${REMOTE}' to='alice@${LOCAL}' id='m'><body>hello</body></message>`;
  const announced = "<stream:features><dialback xmlns='urn:xmpp:features:dialback'/></stream:features>";
  const valid = `<db:result from='${REMOTE}' to='${LOCAL}' type='valid'/>`;
  const verified = `<db:verify from='${REMOTE}' to='${LOCAL}' id='id-1' type='valid'/>`;
  return chance.of([
    [open, tls, proceed, open, external, success, open, after, enabled, back, END],
    [open, announced, valid, back, END],
    [open, tls, proceed, open, announced, valid, back, END],
    [open, announced, verified, END],
    [open, tls, proceed, open, announced, verified, END],
  ]);
}
