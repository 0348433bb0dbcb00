import { isIP } from "node:net";
import { TrustStore } from "../certificate/chain";
import { GATEWAY_DOCUMENT_VERSION, type GatewayDocument } from "../definition/facts/gateway-document";
import { formatAddress, parseAddress } from "../definition/names/address";
import { prepareDomain } from "../definition/names/domain";
import { methodsOf } from "../definition/negotiation";

/** A gateway document that cannot be run. */
export class DocumentError extends Error {
  readonly code = "document-invalid";
  constructor(
    readonly path: string,
    rule: string,
  ) {
    super(`${path}: ${rule}`);
    this.name = "DocumentError";
  }
  readonly remedy = "compile it anew: xmpp-edge facts <definition> --json, its part `gateway`";
}

type Check = (value: unknown, path: string) => void;

/**
 * Reads a compiled gateway document. It comes from a file or a bucket that others may write to, so every part is
 * checked, unknown keys are refused, and what it derives (the methods) is compared.
 * @throws DocumentError at the first thing that does not hold
 */
export function readGatewayDocument(value: unknown): GatewayDocument {
  const steps = readInSteps(value);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** Milliseconds that a reading may keep the process from its streams at a time. */
const TURN = 8;

/**
 * `readGatewayDocument` beside streams that must not wait for it: 10,000 partners take 50 ms, in turns of a few.
 * @throws DocumentError as `readGatewayDocument`
 */
export async function readGatewayDocumentInTurns(value: unknown): Promise<GatewayDocument> {
  const steps = readInSteps(value);
  for (let since = performance.now(); ; ) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() - since < TURN) continue;
    await new Promise((resolve) => setImmediate(resolve));
    since = performance.now();
  }
}

/** Entries of a long list between two chances to pause. */
const STEP = 100;

function* readInSteps(value: unknown): Generator<undefined, GatewayDocument> {
  document(value, "document");
  const read = value as GatewayDocument;
  yield* eachOf(read.partners, "document.partners", partner);
  yield* eachOf(read.access.users, "document.access.users", userAccess);
  if (read.internal !== undefined) yield* eachOf(read.internal.users, "document.internal.users", userAddress);
  yield* checkPartners(read);
  return read;
}

function* eachOf(list: readonly unknown[], path: string, check: Check): Generator<undefined> {
  for (const [index, item] of list.entries()) {
    check(item, `${path}[${index}]`);
    if (index % STEP === STEP - 1) yield;
  }
}

/** What no part says alone: derived methods, and that a domain is one partner's and never ours. */
function* checkPartners({ partners, localDomains }: GatewayDocument): Generator<undefined> {
  const locals = new Set(localDomains);
  const owners = new Map<string, number>();
  for (const [index, partner] of partners.entries()) {
    const path = `document.partners[${index}]`;
    const expected = methodsOf(partner).join(", ");
    if (partner.methods.join(", ") !== expected || expected === "")
      fail(`${path}.methods`, `the settings give ${expected === "" ? "no method" : expected}`);
    if (partner.domains[0] !== partner.domain) fail(`${path}.domains`, `must begin with ${partner.domain}`);
    for (const name of partner.domains) {
      if (locals.has(name)) fail(`${path}.domains`, `${name} is a local domain`);
      const owner = owners.get(name);
      if (owner !== undefined) fail(`${path}.domains`, `${name} is named by partners[${owner}] already`);
      owners.set(name, index);
    }
    const foreign = partner.localDomains?.find((name) => !locals.has(name));
    if (foreign !== undefined) fail(`${path}.localDomains`, `${foreign} is no local domain`);
    const stray = partner.blockedUsers?.find((user) => !partner.domains.includes(user.slice(user.indexOf("@") + 1)));
    if (stray !== undefined) fail(`${path}.blockedUsers`, `${stray} is no user of the partner's domains`);
    if (index % STEP === STEP - 1) yield;
  }
}

const fail = (path: string, rule: string): never => {
  throw new DocumentError(path, rule);
};

const text =
  (maximum: number): Check =>
  (value, path) => {
    if (typeof value !== "string" || value.length > maximum)
      fail(path, `must be a text of at most ${maximum} characters`);
  };
const yesNo: Check = (value, path) => {
  if (typeof value !== "boolean") fail(path, "must be true or false");
};
const whole =
  (least: number, most: number): Check =>
  (value, path) => {
    if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > most)
      fail(path, `must be a whole number from ${least} to ${most}`);
  };
const oneOf =
  (...words: readonly unknown[]): Check =>
  (value, path) => {
    if (!words.includes(value)) fail(path, `must be one of ${words.join(", ")}`);
  };
const listOf =
  (item: Check, maximum: number): Check =>
  (value, path) => {
    if (!Array.isArray(value) || value.length > maximum) return fail(path, `must be a list of at most ${maximum}`);
    for (let index = 0; index < value.length; index++) item(value[index], `${path}[${index}]`);
  };
const object =
  (required: Readonly<Record<string, Check>>, optional: Readonly<Record<string, Check>> = {}): Check =>
  (value, path) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return fail(path, "must be an object");
    const given = value as Record<string, unknown>;
    for (const key of Object.keys(given))
      if (!Object.hasOwn(required, key) && !Object.hasOwn(optional, key))
        fail(`${path}.${key.slice(0, 64)}`, "is not known");
    for (const [key, check] of Object.entries(required)) check(given[key], `${path}.${key}`);
    for (const [key, check] of Object.entries(optional))
      if (given[key] !== undefined) check(given[key], `${path}.${key}`);
  };
const domain: Check = (value, path) => {
  const prepared = typeof value === "string" ? prepareDomain(value) : undefined;
  if (prepared?.ok !== true || prepared.domain !== value) fail(path, "must be a domain name in A-labels");
};
const address: Check = (value, path) => {
  if (typeof value !== "string" || isIP(value) === 0) fail(path, "must be an IP address");
};
/** The prefix length must be there: without it, it would be read as 0, which is every address. */
const range: Check = (value, path) => {
  const [address = "", length = "", rest] = typeof value === "string" ? value.split("/") : [];
  const family = isIP(address);
  const bits = /^\d{1,3}$/.test(length) ? Number(length) : Number.POSITIVE_INFINITY;
  if (family === 0 || address.includes("%") || rest !== undefined || bits > (family === 6 ? 128 : 32))
    fail(path, "must be an address range such as 192.0.2.0/24");
};
const pin: Check = (value, path) => {
  if (typeof value !== "string" || !/^[0-9a-f]{64}$/.test(value))
    fail(path, "must be a SHA-256 in 64 hexadecimal digits, lower case");
};
/** As `domain`, or a wildcard for its left-most label. */
const certificateName: Check = (value, path) =>
  domain(typeof value === "string" ? value.replace(/^\*\./, "") : value, path);
/** Where a host sends what it signs: TLS, and no password in the address. */
const secureAddress: Check = (value, path) => {
  const url = typeof value === "string" && value.length <= 2048 && URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol !== "https:" || url.username !== "" || url.password !== "")
    fail(path, "must be an https address without user and password");
};
const server: Check = (value, path) => {
  if (typeof value !== "string" || !/^[A-Za-z0-9.:[\]-]{1,255}$/.test(value))
    fail(path, "must be an address or a host name, with or without a port");
};
/** Prepared, or it would never match: an exception that denies would then allow. */
const userAddress: Check = (value, path) => {
  const parsed = typeof value === "string" ? parseAddress(value) : undefined;
  const usable = parsed?.ok && parsed.address.local !== undefined && parsed.address.resource === undefined;
  if (!usable || formatAddress(parsed.address) !== value) fail(path, "must be the prepared address of a user");
};
const anchor: Check = (value, path) => {
  try {
    TrustStore.fromPem(value as string);
  } catch (error) {
    fail(path, `must be CA certificates in PEM: ${(error as Error).message}`);
  }
};

/** A list whose entries are looked at by themselves (`readInSteps`): only what it is as a whole. */
const longList = (most: number) => listOf(() => undefined, most);

const negotiation = oneOf("Required", "Optional", "NotSupported");
const access = { allowed: yesNo, because: text(1024) };
const userAccess = object({ address: userAddress, ...access });
const partner = object(
  {
    domain,
    domains: listOf(domain, 1001),
    partnerType: oneOf("Federated", "PublicVerified", "PublicUnverified"),
    tls: negotiation,
    sasl: negotiation,
    dialback: yesNo,
    methods: listOf(oneOf("sasl-over-tls", "tls-dialback", "tcp-dialback"), 3),
    keepAlive: yesNo,
    connectionLimit: whole(1, 100_000),
  },
  {
    localDomains: listOf(domain, 1000),
    proxyFqdn: domain,
    trustAnchors: listOf(anchor, 32),
    pins: listOf(pin, 32),
    proofType: oneOf("dane", "posh"),
    revocation: oneOf("soft", "hard"),
    allowedTargets: listOf(range, 64),
    blockedUsers: listOf(userAddress, 1000),
  },
);
/** The kind decides what else may be there: nothing here can name a file or a program. */
const challengeDns: Check = (value, path) => {
  const { kind } = (value ?? {}) as { readonly kind?: unknown };
  object({ kind: oneOf("route53", "rfc2136"), ...(kind === "rfc2136" ? { server } : {}) })(value, path);
};
const certificateKey: Check = (value, path) => {
  const { type } = (value ?? {}) as { readonly type?: unknown };
  const bits = type === "ECDSA" ? oneOf(256, 384) : oneOf(2048, 3072, 4096);
  object({ type: oneOf("RSA", "ECDSA"), bits })(value, path);
};
const certificateNames: Check = (value, path) => {
  listOf(certificateName, 2501)(value, path);
  if ((value as readonly unknown[]).length === 0) fail(path, "must hold a name");
};
const certificate = object(
  { source: oneOf("acme", "acm"), names: certificateNames, key: certificateKey },
  { directory: secureAddress, challenge: oneOf("http-01", "tls-alpn-01"), friendlyName: text(1024), dns: challengeDns },
);
const internalPlace = object({ address, port: whole(1, 65535) });
const someServers: Check = (value, path) => {
  listOf(internalPlace, 8)(value, path);
  if ((value as readonly unknown[]).length === 0) fail(path, "must hold a server");
};
/** Only an XMPP server has places, anchors and pins. */
const internal: Check = (value, path) => {
  const { kind } = (value ?? {}) as { readonly kind?: unknown };
  const always = { kind: oneOf("sandbox", "xmpp", "sip"), users: longList(100_000) };
  if (kind !== "xmpp") return object(always)(value, path);
  object(
    { ...always, servers: someServers, port: whole(1, 65535) },
    { trustAnchors: listOf(anchor, 32), pins: listOf(pin, 32) },
  )(value, path);
};
const document = object(
  {
    format: oneOf("xmpp-edge-gateway"),
    version: oneOf(GATEWAY_DOCUMENT_VERSION),
    name: text(64),
    accessEdge: object(
      { fqdn: domain, addresses: listOf(address, 16), port: whole(1, 65535) },
      { directTlsPort: whole(1, 65535) },
    ),
    localDomains: listOf(domain, 1000),
    gateway: object({
      connectionLimit: whole(1, 1_000_000),
      partnerConnectionLimit: whole(1, 100_000),
      keepAliveInterval: whole(1, 86_400),
      streamEstablishmentTimeout: whole(1, 3600),
      streamInactivityTimeout: whole(1, 604_800),
      subscriptionRefreshInterval: whole(1, 604_800),
      enableLoggingAllMessageBodies: yesNo,
    }),
    partners: longList(100_000),
    access: object({ everyone: object(access), users: longList(1_000_000) }),
  },
  {
    revision: whole(0, Number.MAX_SAFE_INTEGER),
    internal,
    certificate,
  },
);
