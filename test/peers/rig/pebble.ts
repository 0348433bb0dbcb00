import { rm, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { join } from "node:path";
import { PeerProcess } from "./peer-process";
import { peerRoot } from "./peer-root";
import type { TestAuthority } from "./pki";
import { freePort } from "./ports";
import { makeWorkFolder } from "./work-folder";

export interface PebbleOptions {
  /** Issues the certificate of its HTTPS. */
  readonly authority: TestAuthority;
  /** The DNS it validates against. */
  readonly dnsServer: { readonly address: string; readonly port: number };
  /**
   * True: it refuses one nonce in twenty and waits up to 15 seconds before it validates, as it does by default; so
   * it shows that a client bears both. Default: false.
   */
  readonly unruly?: boolean;
  /** Refuses one nonce in twenty, but does not wait before it validates. Default: as `unruly`. */
  readonly refusesNonces?: boolean;
  /** Percent of names for which an old authorization is used again. Default: 50, as Pebble has it. */
  readonly reusesAuthorizations?: number;
  /** Validates nothing: every name is taken to be ours. Default: false. */
  readonly trusting?: boolean;
  /** Accounts have to be bound to these (RFC 8555 section 7.3.4): key id to base64url. */
  readonly externalAccounts?: Readonly<Record<string, string>>;
  /** Where it connects for HTTP-01 and TLS-ALPN-01 instead of 80 and 443. */
  readonly challengePorts?: { readonly http: number; readonly tls: number };
}

/** A real ACME server. What it issues is of no trust anywhere, and has clientAuth, unlike public CAs' since 2026. */
export interface Pebble {
  readonly directory: string;
  readonly process: PeerProcess;
  /** Orders that it was made to open so far. */
  orders(): number;
  /** The root of what it issues, in PEM. */
  rootPem(): Promise<string>;
  stop(): Promise<void>;
}

/** Starts of Pebble before it is given up. */
const ATTEMPTS = 5;

/**
 * Starts Pebble and waits until it answers. It has to be called `localhost`, for its URLs are made of that: so those of
 * test files side by side share one address, and of two that find a port free at the same time one starts again.
 */
export async function startPebble(options: PebbleOptions): Promise<Pebble> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(options);
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

async function startOnce(options: PebbleOptions): Promise<Pebble> {
  const { authority, dnsServer, unruly = false, trusting = false, externalAccounts } = options;
  const { refusesNonces = unruly, reusesAuthorizations = 50 } = options;
  const port = await freePort("127.0.0.1", 14_000);
  const management = await freePort("127.0.0.1", 15_000);
  const work = await makeWorkFolder();
  const { certPem, keyPem, caPem } = await authority.issue({ names: ["localhost"] });
  await writeFile(join(work, "pebble.crt"), certPem);
  await writeFile(join(work, "pebble.key"), keyPem);
  const settings = {
    listenAddress: `127.0.0.1:${port}`,
    managementListenAddress: `127.0.0.1:${management}`,
    certificate: "/peer/pebble.crt",
    privateKey: "/peer/pebble.key",
    httpPort: options.challengePorts?.http ?? 5002,
    tlsPort: options.challengePorts?.tls ?? 5001,
    ocspResponderURL: "",
    externalAccountBindingRequired: externalAccounts !== undefined,
    ...(externalAccounts === undefined ? {} : { externalAccountMACKeys: externalAccounts }),
  };
  await writeFile(join(work, "pebble.json"), JSON.stringify({ pebble: settings }));
  const calm = [
    ...(unruly ? [] : ["PEBBLE_VA_NOSLEEP=1"]),
    ...(refusesNonces ? [] : ["PEBBLE_WFE_NONCEREJECT=0"]),
    `PEBBLE_AUTHZREUSE=${reusesAuthorizations}`,
  ];
  const always = trusting ? ["PEBBLE_VA_ALWAYS_VALID=1"] : [];
  const process = new PeerProcess(peerRoot(), {
    name: "pebble",
    work,
    command: [
      "env",
      ...calm,
      ...always,
      "pebble",
      "-config",
      "/peer/pebble.json",
      "-dnsserver",
      `${dnsServer.address}:${dnsServer.port}`,
    ],
  });
  const stop = async () => {
    await process.stop();
    await rm(work, { recursive: true, force: true });
  };
  try {
    await process.waitForPort("127.0.0.1", port);
    await process.waitForPort("127.0.0.1", management);
    // Another's would show a certificate of another authority.
    for (const url of [`https://localhost:${port}/dir`, `https://localhost:${management}/roots/0`])
      await fetchText(url, caPem);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    directory: `https://localhost:${port}/dir`,
    process,
    orders: () => process.log.filter((line) => line.includes("orders in the db")).length,
    rootPem: () => fetchText(`https://localhost:${management}/roots/0`, caPem),
    stop,
  };
}

function fetchText(url: string, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request(url, { ca }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      response.on("end", () => resolve(text)).on("error", reject);
    })
      .on("error", reject)
      .end();
  });
}
