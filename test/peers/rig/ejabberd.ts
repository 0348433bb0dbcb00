import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PeerProcess } from "./peer-process";
import { peerRoot } from "./peer-root";
import type { TestCertificate } from "./pki";
import { requireFree } from "./ports";
import { accountPassword } from "./prosody";
import { makeWorkFolder } from "./work-folder";

export interface EjabberdOptions {
  readonly domain: string;
  /** More domains that it serves, each with the same accounts; its certificate must name them too. */
  readonly additionalDomains?: readonly string[];
  readonly address: string;
  readonly s2sPort: number;
  readonly c2sPort: number;
  readonly certificates: TestCertificate;
  /**
   * How it authenticates other servers:
   * - `external`: TLS required, and a certificate that chains to the given anchor and names the domain;
   * - `tls-dialback`: TLS required, identity by dialback, whatever the certificate;
   * - `any`: TLS and certificates where the other side can, else dialback.
   */
  readonly mode: "external" | "tls-dialback" | "any";
  /** Of SRV records. Addresses are looked up by libc, which takes no port: they are given by name. */
  readonly resolver: { readonly address: string; readonly port: number };
  readonly hosts: Readonly<Record<string, string>>;
  /** Local parts; each has the password `accountPassword`. */
  readonly accounts: readonly string[];
  /** More of its modules. */
  readonly modules?: readonly string[];
  /** For so many seconds at most it tries no server again that it could not reach; its own default: 300. */
  readonly maxRetryDelay?: number;
  /** How much it logs; default: debug. */
  readonly logLevel?: "debug" | "info";
  /** Threads that run its code; default one, `cores` as many as the machine has. */
  readonly schedulers?: 1 | "cores";
}

export interface Ejabberd {
  readonly domain: string;
  readonly address: string;
  readonly s2sPort: number;
  readonly c2sPort: number;
  readonly process: PeerProcess;
  stop(): Promise<void>;
}

/** Starts ejabberd and waits until it serves its accounts. */
export async function startEjabberd(options: EjabberdOptions): Promise<Ejabberd> {
  const { domain, address, s2sPort, c2sPort, accounts, schedulers = 1 } = options;
  for (const port of [s2sPort, c2sPort]) await requireFree(address, port);
  const work = await makeWorkFolder();
  await writeWorkFolder(work, options);
  const register = domainsOf(options).flatMap((host) =>
    accounts.map(
      (account) => `ok = ejabberd_auth:try_register(<<"${account}">>, <<"${host}">>, <<"${accountPassword}">>)`,
    ),
  );
  // The Erlang machine itself: ejabberdctl insists on a user of its own, and a node name would need epmd.
  const process = new PeerProcess(peerRoot(), {
    name: `ejabberd of ${domain}`,
    work,
    command: [
      "/usr/bin/env",
      "ERL_LIBS=/usr/lib/x86_64-linux-gnu",
      "ERL_INETRC=/peer/inetrc",
      "ERL_CRASH_DUMP_BYTES=0",
      "EJABBERD_CONFIG_PATH=/peer/ejabberd.yml",
      "EJABBERD_LOG_PATH=/peer/ejabberd.log",
      ...["erl", "-noinput", "+K", "true", ...(schedulers === "cores" ? [] : ["+S", "1"]), "+sbwt", "none"],
      ...["-mnesia", "dir", '"/peer/spool"', "-s", "ejabberd"],
      ...["-eval", `${[...register, 'io:format("accounts are there~n")'].join(", ")}.`],
    ],
  });
  const stop = async () => {
    await process.stop();
    await rm(work, { recursive: true, force: true });
  };
  try {
    await process.waitForLog(/accounts are there/);
  } catch (error) {
    await stop();
    throw error;
  }
  return { domain, address, s2sPort, c2sPort, process, stop };
}

async function writeWorkFolder(work: string, options: EjabberdOptions): Promise<void> {
  const { certificates, resolver, hosts } = options;
  for (const folder of ["spool", "certs"]) await mkdir(join(work, folder));
  await writeFile(join(work, "certs/domain.pem"), certificates.certPem + certificates.keyPem, { mode: 0o600 });
  await writeFile(join(work, "certs/ca.pem"), certificates.caPem);
  await writeFile(join(work, "ejabberd.yml"), configuration(options));
  await writeFile(
    join(work, "hosts"),
    Object.entries({ localhost: "127.0.0.1", ...hosts })
      .map(([name, address]) => `${address} ${name}\n`)
      .join(""),
  );
  await writeFile(
    join(work, "inetrc"),
    [
      "{lookup, [dns]}.",
      '{resolv_conf, ""}.',
      '{hosts_file, ""}.',
      `{nameserver, {${resolver.address.replaceAll(".", ",")}}, ${resolver.port}}.`,
      "",
    ].join("\n"),
  );
}

const domainsOf = ({ domain, additionalDomains = [] }: EjabberdOptions) => [domain, ...additionalDomains];

function configuration(options: EjabberdOptions): string {
  const { address, s2sPort, c2sPort, mode, modules = [], logLevel = "debug", maxRetryDelay } = options;
  return [
    `hosts: [${domainsOf(options)
      .map((host) => `"${host}"`)
      .join(", ")}]`,
    `loglevel: ${logLevel}`,
    "certfiles: [/peer/certs/domain.pem]",
    ...(mode === "tls-dialback" ? [] : ["ca_file: /peer/certs/ca.pem"]),
    `s2s_use_starttls: ${mode === "any" ? "optional" : "required"}`,
    "s2s_dns_timeout: 5",
    ...(maxRetryDelay === undefined ? [] : [`s2s_max_retry_delay: ${maxRetryDelay}`]),
    "outgoing_s2s_families: [ipv4]",
    `outgoing_s2s_ipv4_address: "${address}"`,
    "auth_method: internal",
    "auth_password_format: plain",
    "listen:",
    // The test's client logs in over plain TCP on loopback.
    `  - { port: ${c2sPort}, ip: "${address}", module: ejabberd_c2s }`,
    `  - { port: ${s2sPort}, ip: "${address}", module: ejabberd_s2s_in }`,
    "modules:",
    "  mod_disco: {}",
    "  mod_offline: {}",
    "  mod_ping: {}",
    "  mod_roster: {}",
    ...(mode === "external" ? [] : ["  mod_s2s_dialback: {}"]),
    ...modules.map((name) => `  ${name}: {}`),
    "",
  ].join("\n");
}
