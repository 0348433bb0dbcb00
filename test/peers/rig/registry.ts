import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PeerProcess } from "./peer-process";
import { peerRoot } from "./peer-root";
import type { TestCertificate } from "./pki";
import { requireFree } from "./ports";
import { makeWorkFolder } from "./work-folder";

export interface RegistryOptions {
  /** Default: 127.0.0.1. */
  readonly address?: string;
  readonly port: number;
  /** Serve over TLS with this certificate; without it plain HTTP, which clients take on loopback only. */
  readonly certificates?: TestCertificate;
  /** Let in this user alone (HTTP basic). The hash is bcrypt's, as `htpasswd -B` writes it. */
  readonly user?: { readonly name: string; readonly bcrypt: string };
}

/** docker-registry: a real image registry, which keeps what is pushed until it is stopped. */
export interface Registry {
  /** `address:port`, the first part of its repositories' names. */
  readonly host: string;
  /** The base of its URLs, without a slash at the end. */
  readonly url: string;
  readonly process: PeerProcess;
  stop(): Promise<void>;
}

/** Starts docker-registry and waits until it listens. Deletion is allowed; the referrers API is not there in 2.8. */
export async function startRegistry(options: RegistryOptions): Promise<Registry> {
  const { address = "127.0.0.1", port, certificates, user } = options;
  await requireFree(address, port);
  const work = await makeWorkFolder();
  await mkdir(join(work, "store"));
  if (user !== undefined) await writeFile(join(work, "htpasswd"), `${user.name}:${user.bcrypt}\n`);
  if (certificates !== undefined) {
    await writeFile(join(work, "registry.pem"), certificates.certPem);
    await writeFile(join(work, "registry.key"), certificates.keyPem, { mode: 0o600 });
  }
  await writeFile(join(work, "registry.json"), JSON.stringify(configuration(address, port, options)));
  const process = new PeerProcess(peerRoot(), {
    name: "docker-registry",
    work,
    command: ["docker-registry", "serve", "/peer/registry.json"],
  });
  const stop = async () => {
    await process.stop();
    await rm(work, { recursive: true, force: true });
  };
  try {
    await process.waitForPort(address, port);
  } catch (error) {
    await stop();
    throw error;
  }
  const host = `${address}:${port}`;
  return { host, url: `${certificates === undefined ? "http" : "https"}://${host}`, process, stop };
}

/** Its configuration is YAML, so JSON will do. */
function configuration(address: string, port: number, { certificates, user }: RegistryOptions) {
  return {
    version: "0.1",
    log: { level: "info", accesslog: { disabled: false } },
    storage: { filesystem: { rootdirectory: "/peer/store" }, delete: { enabled: true } },
    http: {
      addr: `${address}:${port}`,
      ...(certificates !== undefined && { tls: { certificate: "/peer/registry.pem", key: "/peer/registry.key" } }),
    },
    ...(user !== undefined && { auth: { htpasswd: { realm: "peers", path: "/peer/htpasswd" } } }),
  };
}
