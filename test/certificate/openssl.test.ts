/** Our chains through `openssl verify`: the two are of one mind, and where they are not, a table says so and why. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { TrustStore, validateChain } from "../../src/certificate/chain";
import type { ChainRefusal } from "../../src/certificate/refusal";
import { type Issued, NOW } from "./authority";
import { CHAINS, DOMAIN, Scenery } from "./chains";

/** X509_V_ERR_ numbers (x509_vfy.h) that mean what our code means. */
const MEANS: Partial<Record<ChainRefusal, readonly number[]>> = {
  untrusted: [7, 18, 19, 20], // signature failure, self-signed leaf or root, no issuer at hand
  expired: [9, 10],
  "not-a-ca": [79],
  "no-keyCertSign": [32],
  "path-length": [25],
  "name-constraint": [47, 48],
  "wrong-name": [62],
  usage: [26],
  "unknown-critical-extension": [34],
  "weak-signature": [68],
};

const CN_COUNTS = "openssl takes the common name where no dNSName is there; RFC 9525 ended that";
const LEVEL = "openssl's default security level 1 takes RSA of 1024 bits; we ask for 2048, as its level 2 does";
const SERVER_ONLY =
  "openssl holds a client to clientAuth; public CAs issue serverAuth alone, and between servers the role is chance";

/** Where our verdict is another than openssl's, by the role that the certificate's owner has in TLS. */
const DIFFERENCES: Readonly<Record<"sslserver" | "sslclient", Readonly<Record<string, string>>>> = {
  sslserver: { "name in CN only": CN_COUNTS, "RSA 1024 leaf key": LEVEL },
  sslclient: {
    "serverAuth only": SERVER_ONLY,
    "root sent along": SERVER_ONLY,
    "wrong order, extra certificate": SERVER_ONLY,
    "path length kept": SERVER_ONLY,
    "name constraint: permitted": SERVER_ONLY,
    "RSA 2048 throughout": SERVER_ONLY,
  },
};

let folder: string;
let scenery: Scenery;
let anchors: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "xmpp-edge-openssl-"));
  scenery = await Scenery.build();
  anchors = scenery.anchors.map((one) => one.pem).join("\n");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(["sslserver", "sslclient"] as const)("beside openssl verify -purpose %s", (purpose) => {
  test.each(CHAINS)("$name: $expected", async ({ name, expected, build }) => {
    const chain = await build(scenery);
    const presented = chain.map(({ der }) => der);
    const ours = validateChain({ presented, trust: TrustStore.fromPem(anchors), domain: DOMAIN, now: NOW });
    expect(ours.ok ? "accept" : ours.code).toBe(expected);
    const errors = opensslErrors(chain, purpose);
    const because = DIFFERENCES[purpose][name];
    if (because !== undefined) {
      expect({ because, accepts: errors.length === 0 }).toEqual({ because, accepts: !ours.ok });
    } else if (ours.ok) {
      expect(errors).toEqual([]);
    } else {
      // As a client the serverAuth of the other chains is refused too, before or beside what we refuse.
      const meant = MEANS[ours.code] ?? [];
      expect(errors.some((one) => meant.includes(one) || (purpose === "sslclient" && one === 26))).toBe(true);
    }
  });
});

/** The numbers of all that openssl finds wrong; empty where it accepts. */
function opensslErrors([leaf, ...others]: readonly Issued[], purpose: string): number[] {
  const write = (file: string, text: string) => {
    writeFileSync(join(folder, file), text);
    return join(folder, file);
  };
  const { status, stderr } = spawnSync(
    "openssl",
    [
      ...["verify", "-no-CAfile", "-no-CApath", "-no-CAstore", "-purpose", purpose, "-auth_level", "1"],
      ...["-attime", String(NOW.getTime() / 1000), "-verify_hostname", DOMAIN],
      ...["-CAfile", write("anchors.pem", anchors)],
      ...(others.length > 0 ? ["-untrusted", write("others.pem", others.map(({ pem }) => pem).join("\n"))] : []),
      write("leaf.pem", leaf!.pem),
    ],
    { encoding: "utf8" },
  );
  const errors = [...stderr.matchAll(/^error (\d+) at \d+ depth/gm)].map(([, number]) => Number(number));
  expect(status === 0).toBe(errors.length === 0);
  return errors;
}
