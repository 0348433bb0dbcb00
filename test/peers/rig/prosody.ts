import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PeerProcess } from "./peer-process";
import { peerRoot } from "./peer-root";
import type { TestCertificate } from "./pki";
import { requireFree } from "./ports";
import { authenticatedStreams, completedStream, type FederationMethod, type LoggedStream } from "./prosody-log";
import type { LogWait } from "./watched-process";
import { makeWorkFolder } from "./work-folder";

/** One method alone, or `any` of them: all that Prosody can, each optional. */
export type ProsodyMode = FederationMethod | "any";

export interface ProsodyOptions {
  readonly domain: string;
  /** More domains that it serves, each with the same accounts; its certificate must name them too. */
  readonly additionalDomains?: readonly string[];
  readonly address: string;
  readonly s2sPort: number;
  readonly c2sPort: number;
  readonly certificates: TestCertificate;
  /**
   * The method by which it authenticates other servers, and lets itself be authenticated:
   * - `external`: TLS and a certificate that chains to the given anchor and names the domain;
   * - `tls-dialback`: TLS required, identity by dialback, since it knows no anchor;
   * - `tcp-dialback`: no TLS at all, dialback;
   * - `any`: TLS and certificates where the other side can, else dialback.
   */
  readonly mode: ProsodyMode;
  readonly resolver: { readonly address: string; readonly port: number };
  /** Local parts; each has the password `accountPassword`. */
  readonly accounts: readonly string[];
  /** More of its modules. */
  readonly modules?: readonly string[];
  /** More lines of its configuration (Lua), in the global section. */
  readonly extra?: readonly string[];
}

export interface Prosody {
  readonly domain: string;
  readonly address: string;
  readonly s2sPort: number;
  readonly c2sPort: number;
  /** Its log, at debug level, is `process.log`. */
  readonly process: PeerProcess;
  /** Waits until a stream from or to the partner is authenticated and tells how, by the log. */
  waitForStream(
    direction: LoggedStream["direction"],
    partner: string,
    wait?: LogWait & {
      /** Which of its domains; default the first. */ readonly local?: string;
    },
  ): Promise<FederationMethod>;
  stop(): Promise<void>;
}

export const accountPassword = "correct horse";

/** Starts Prosody and waits until it listens for servers and clients. */
export async function startProsody(options: ProsodyOptions): Promise<Prosody> {
  const { domain, address, s2sPort, c2sPort } = options;
  for (const port of [s2sPort, c2sPort]) await requireFree(address, port);
  const root = peerRoot();
  const work = await makeWorkFolder();
  await writeWorkFolder(work, options);
  const process = new PeerProcess(root, {
    name: `prosody of ${domain}`,
    work,
    command: ["prosody", "-F", "--config", "/peer/prosody.cfg.lua"],
  });
  const stop = async () => {
    await process.stop();
    await rm(work, { recursive: true, force: true });
  };
  try {
    await Promise.all(
      ["s2s", "c2s"].map((service) => process.waitForLog(new RegExp(`Activated service '${service}'`))),
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    domain,
    address,
    s2sPort,
    c2sPort,
    process,
    stop,
    async waitForStream(direction, partner, { local = domain, ...wait } = {}) {
      await process.waitForLog(completedStream({ direction, local, partner }), wait);
      const latest = authenticatedStreams(process.log).findLast(
        (stream) => stream.direction === direction && stream.local === local && stream.partner === partner,
      );
      if (latest === undefined) throw new Error(`the log tells of a stream ${direction} ${partner} that was not read`);
      return latest.method;
    },
  };
}

async function writeWorkFolder(work: string, options: ProsodyOptions): Promise<void> {
  // The store "internal" as it lies on disk: no prosodyctl is needed.
  for (const domain of [options.domain, ...(options.additionalDomains ?? [])]) {
    const accounts = join(work, "data", encodeForStore(domain), "accounts");
    await mkdir(accounts, { recursive: true });
    for (const account of options.accounts) {
      await writeFile(
        join(accounts, `${encodeForStore(account)}.dat`),
        `return { ["password"] = "${accountPassword}" };\n`,
      );
    }
  }
  const { certPem, keyPem, caPem } = options.certificates;
  await mkdir(join(work, "certs"));
  await writeFile(join(work, "certs/domain.crt"), certPem);
  await writeFile(join(work, "certs/domain.key"), keyPem, { mode: 0o600 });
  await writeFile(join(work, "certs/ca.pem"), caPem);
  await writeFile(join(work, "prosody.cfg.lua"), configuration(options));
}

/** util.datamanager's file names: every byte that is neither letter nor digit as %xx. */
function encodeForStore(name: string): string {
  return [...Buffer.from(name)]
    .map((byte) => String.fromCharCode(byte))
    .map((char) => (/[A-Za-z0-9]/.test(char) ? char : `%${char.charCodeAt(0).toString(16).padStart(2, "0")}`))
    .join("");
}

interface ModeSettings {
  readonly modules: readonly string[];
  readonly requireTls: boolean;
  readonly requireCertificate: boolean;
  /** Lua: where its `ssl` table takes anchors from. */
  readonly anchors: string;
}

// With the partner's authority known, Prosody offers and takes SASL EXTERNAL although dialback would do. Only one that
// knows none (an empty capath keeps the system's out) falls to dialback.
const knowsNoAnchor = 'capath = "/peer/none"';

const knowsOurAnchor = 'cafile = "/peer/certs/ca.pem", capath = ""';

const modes: Readonly<Record<ProsodyMode, ModeSettings>> = {
  external: { modules: ["tls"], requireTls: true, requireCertificate: true, anchors: knowsOurAnchor },
  "tls-dialback": { modules: ["tls", "dialback"], requireTls: true, requireCertificate: false, anchors: knowsNoAnchor },
  "tcp-dialback": { modules: ["dialback"], requireTls: false, requireCertificate: false, anchors: knowsNoAnchor },
  any: { modules: ["tls", "dialback"], requireTls: false, requireCertificate: false, anchors: knowsOurAnchor },
};

function configuration(options: ProsodyOptions): string {
  const { domain, additionalDomains = [], address, s2sPort, c2sPort, mode, resolver, extra = [] } = options;
  const { modules: more = [] } = options;
  const { modules, requireTls, requireCertificate, anchors } = modes[mode];
  // saslauth serves clients' logins and servers' SASL EXTERNAL alike
  const loaded = [
    "saslauth",
    "roster",
    "disco",
    "ping",
    "presence",
    "message",
    "iq",
    "c2s",
    "s2s",
    ...modules,
    ...more,
  ];
  return [
    // "posix" refuses to run as uid 0, which it is inside a user namespace; it would daemonize too.
    'modules_disabled = { "posix", "s2s_auth_dane" }',
    "run_as_root = true",
    "daemonize = false",
    'pidfile = "/peer/prosody.pid"',
    'data_path = "/peer/data"',
    `interfaces = { "${address}" }`,
    `s2s_ports = { ${s2sPort} }`,
    `c2s_ports = { ${c2sPort} }`,
    "legacy_ssl_ports, http_ports, https_ports = {}, {}, {}",
    `modules_enabled = { ${loaded.map((name) => `"${name}"`).join(", ")} }`,
    'authentication = "internal_plain"',
    // The test's client logs in over plain TCP on loopback.
    "c2s_require_encryption = false",
    "allow_unencrypted_plain_auth = true",
    `s2s_require_encryption = ${requireTls}`,
    `s2s_secure_auth = ${requireCertificate}`,
    // Answered by package lua-unbound; without it no port could be given.
    `unbound = { resolvconf = false, hoststxt = false, forward = { "${resolver.address}@${resolver.port}" } }`,
    'log = { { levels = { min = "debug" }, to = "console" } }',
    ...extra,
    ...[domain, ...additionalDomains].flatMap((name) => [
      `VirtualHost "${name}"`,
      `  ssl = { certificate = "/peer/certs/domain.crt", key = "/peer/certs/domain.key", ${anchors} }`,
    ]),
    "",
  ].join("\n");
}
