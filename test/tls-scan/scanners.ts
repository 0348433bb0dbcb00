import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { PeerRoot } from "../peers/rig/peer-root";

export interface Target {
  readonly domain: string;
  readonly address: string;
  readonly port: number;
}

export interface Finding {
  readonly scanner: string;
  /** Its name of the check. */
  readonly id: string;
  readonly text: string;
}

const enter = resolve(__dirname, "../peers/rig/enter.sh");
/** Severities of testssl.sh that are no finding. */
const FINE = new Set(["OK", "INFO", "DEBUG"]);
const STRONG = /^(TLS_(AES|CHACHA20)|ECDHE-(ECDSA|RSA)-(AES(128|256)-GCM|CHACHA20-POLY1305))/;

/** Runs a scanner in the peer root, with `work` as its folder; gives its standard output. */
async function run(root: PeerRoot, work: string, command: readonly string[]): Promise<string> {
  const child = spawn("unshare", [...root.namespace, "--", "/bin/sh", enter, root.folder, work, ...command], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  await new Promise((done, fail) => child.once("close", done).once("error", fail));
  return output;
}

/** sslscan over STARTTLS between servers: protocols, ciphers, and the holes that it knows. */
export async function sslscan(root: PeerRoot, work: string, { domain, port }: Target): Promise<Finding[]> {
  const command = ["sslscan", "--no-colour", "--starttls-xmpp", "--xmpp-server", `${domain}:${port}`];
  const output = await run(root, work, command);
  process.stdout.write(output);
  const finding = (id: string, text: string): Finding => ({ scanner: "sslscan", id, text });
  const findings: Finding[] = [];
  const says = (pattern: RegExp) => pattern.test(output);
  for (const version of ["SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1"])
    if (!says(new RegExp(`^${version} +disabled`, "m"))) findings.push(finding(version, "is not said to be disabled"));
  for (const version of ["TLSv1.2", "TLSv1.3"])
    if (!says(new RegExp(`^${version} +enabled`, "m"))) findings.push(finding(version, "is not said to be enabled"));
  if (!says(/supports TLS Fallback SCSV/)) findings.push(finding("fallback", "no TLS_FALLBACK_SCSV"));
  if (!says(/Session renegotiation not supported/)) findings.push(finding("renegotiation", "is supported"));
  if (says(/ vulnerable to heartbleed/) && !says(/not vulnerable to heartbleed/))
    findings.push(finding("heartbleed", "vulnerable"));
  const ciphers = [...output.matchAll(/^(?:Preferred|Accepted) +TLSv1\.\d +\d+ bits +(\S+)/gm)].map(
    ([, name]) => name!,
  );
  if (ciphers.length === 0) findings.push(finding("ciphers", "none was accepted: was the gateway reached?"));
  for (const name of ciphers) if (!STRONG.test(name)) findings.push(finding("cipher", name));
  return findings;
}

/** testssl.sh on the port of direct TLS: Debian's 3.0 knows STARTTLS of clients' streams alone; the TLS is the same. */
export async function testssl(root: PeerRoot, work: string, { domain, address, port }: Target): Promise<Finding[]> {
  const options = ["--warnings", "batch", "--quiet", "--color", "0", "--nodns", "min", "--ip", address];
  const files = ["--openssl", "/usr/bin/openssl", "--jsonfile", "/peer/testssl.json"];
  process.stdout.write(await run(root, work, ["testssl", ...options, ...files, `${domain}:${port}`]));
  const found = JSON.parse(await readFile(join(work, "testssl.json"), "utf8")) as Record<string, string>[];
  if (!found.some(({ id }) => id === "LUCKY13"))
    return [{ scanner: "testssl", id: "unfinished", text: "it did not come to its last checks" }];
  return found.flatMap(({ id = "", severity = "", finding = "" }) =>
    FINE.has(severity) ? [] : { scanner: "testssl", id, text: `${severity}: ${finding}` },
  );
}
