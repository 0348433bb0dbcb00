import { createPrivateKey, createPublicKey } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import {
  type CertificateStore,
  openCertificateStore,
  StoreError,
} from "../../../src/certificate/store/certificate-store";
import { readLive } from "../../../src/certificate/store/live";
import { spkiSha256 } from "../../../src/certificate/store/stored-pair";
import { type Pair, pairOf } from "./pair";

let base: string;
let directory: string;
let first: Pair;
let second: Pair;
let third: Pair;

beforeAll(async () => {
  first = await pairOf();
  second = await pairOf({ names: ["contoso.example", "sip.contoso.example"] });
  third = await pairOf();
});
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "store-test-"));
  directory = join(base, "store");
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const add = (store: CertificateStore, { certificatePem, keyPem }: Pair) =>
  store.addCertificate({ certificatePem, keyPem, source: "imported" });

const requestFor = ({ keyPem }: Pair) => ({
  csrPem: "-----BEGIN CERTIFICATE REQUEST-----\nMA==\n-----END CERTIFICATE REQUEST-----\n",
  keyPem,
  commonName: "sip.contoso.example",
  names: ["sip.contoso.example", "contoso.example"],
  keyType: "ECDSA" as const,
  bits: 256,
  spkiSha256: spkiSha256(createPublicKey(createPrivateKey(keyPem))),
});

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof StoreError && error.remedy !== "") return error.code;
    throw error;
  }
  return "nothing thrown";
}

const entriesBelow = (folder: string) =>
  readdirSync(folder, { withFileTypes: true, recursive: true }).map((entry) => join(entry.parentPath, entry.name));

describe("a certificate store", () => {
  it("is its owner's alone, in every folder and file, whatever the umask", () => {
    const before = process.umask(0);
    try {
      const store = openCertificateStore(directory);
      store.addRequest(requestFor(second));
      store.assign(add(store, first).id);
      store.folder("acme");
    } finally {
      process.umask(before);
    }
    const open = entriesBelow(base).filter((path) => (statSync(path).mode & 0o077) !== 0);
    expect(entriesBelow(base).length).toBeGreaterThan(10);
    expect(open).toEqual([]);
  });

  it.each([0o750, 0o701, 0o777])("refuses a directory of mode %o", (mode) => {
    mkdirSync(directory);
    chmodSync(directory, mode);
    expect(codeOf(() => openCertificateStore(directory))).toBe("store-open-to-others");
  });

  it("refuses a file in place of the directory", () => {
    writeFileSync(directory, "");
    expect(codeOf(() => openCertificateStore(directory))).toBe("store-unusable");
  });

  it("refuses to hand out or assign a key that others may read", () => {
    const store = openCertificateStore(directory);
    const { id } = add(store, first);
    chmodSync(join(directory, "certificates", id, "key.pem"), 0o640);
    expect(codeOf(() => store.credentials(id))).toBe("store-open-to-others");
    expect(codeOf(() => store.assign(id))).toBe("store-open-to-others");
    expect(store.live()).toBeUndefined();
  });

  it("does not follow a symbolic link to a key", () => {
    const store = openCertificateStore(directory);
    const { id } = add(store, first);
    const key = join(directory, "certificates", id, "key.pem");
    renameSync(key, join(base, "elsewhere.pem"));
    symlinkSync(join(base, "elsewhere.pem"), key);
    expect(codeOf(() => store.credentials(id))).toBe("store-damaged");
  });

  it("gives back what was added, and says what the certificate says", () => {
    const store = openCertificateStore(directory, { now: () => Date.parse("2030-06-15T12:00:00Z") });
    const record = store.addCertificate({
      certificatePem: second.certificatePem,
      keyPem: second.keyPem,
      source: "lab",
      friendlyName: "contoso edge",
    });
    expect(openCertificateStore(directory).certificates()).toEqual([
      {
        id: record.id,
        addedAt: "2030-06-15T12:00:00.000Z",
        names: ["contoso.example", "sip.contoso.example"],
        notBefore: "2030-06-05T12:00:00.000Z",
        notAfter: "2030-08-04T12:00:00.000Z",
        issuer: "CN=sip.contoso.example",
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        spkiSha256: requestFor(second).spkiSha256,
        keyEncrypted: false,
        friendlyName: "contoso edge",
        source: "lab",
        live: false,
      },
    ]);
    expect(store.credentials(record.id)).toEqual({
      certificatePem: second.certificatePem,
      keyPem: second.keyPem,
    });
  });

  it("lists the newest first, even when the clock stands still or goes back", () => {
    const clock = [3_000, 3_000, 1_000];
    const store = openCertificateStore(directory, { now: () => clock.shift() ?? 0 });
    const ids = [first, second, third].map((pair) => add(store, pair).id);
    expect(store.certificates().map((one) => one.id)).toEqual([...ids].reverse());
  });

  it("gives back a certificate that it has, and takes the same leaf with another chain as a new one", async () => {
    const store = openCertificateStore(directory);
    const once = add(store, first);
    expect(add(store, first)).toEqual(once);
    const chained = add(store, { ...first, certificatePem: first.certificatePem + second.certificatePem });
    expect(chained.id).not.toBe(once.id);
  });

  it.each<[string, () => { certificatePem: string; keyPem: string }, string]>([
    ["another key", () => ({ certificatePem: first.certificatePem, keyPem: second.keyPem }), "key-mismatch"],
    ["no certificate", () => ({ certificatePem: "hello", keyPem: first.keyPem }), "unreadable-certificate"],
    ["no key", () => ({ certificatePem: first.certificatePem, keyPem: "hello" }), "unreadable-key"],
  ])("refuses %s, and stays as it was", (_, pair, code) => {
    const store = openCertificateStore(directory);
    expect(codeOf(() => store.addCertificate({ ...pair(), source: "imported" }))).toBe(code);
    expect(readdirSync(join(directory, "certificates"))).toEqual([]);
  });
});

describe("requests of a store", () => {
  it("are open side by side, newest first, each with its own key", () => {
    const store = openCertificateStore(directory);
    const ids = [first, second].map((pair) => store.addRequest(requestFor(pair)).id);
    expect(store.requests().map((one) => one.id)).toEqual([...ids].reverse());
    expect(ids.map((id) => store.requestCredentials(id).keyPem)).toEqual([first.keyPem, second.keyPem]);
  });

  it("close with the certificate that answers them, and take their key along", () => {
    const store = openCertificateStore(directory);
    const [one, other] = [store.addRequest(requestFor(first)), store.addRequest(requestFor(second))];
    const record = store.addCertificate({
      certificatePem: first.certificatePem,
      keyPem: store.requestCredentials(one.id).keyPem,
      source: "request",
      requestId: one.id,
    });
    expect(record.requestId).toBe(one.id);
    expect(store.requests().map(({ id }) => id)).toEqual([other.id]);
    expect(existsSync(one.keyFile)).toBe(false);
    expect(store.credentials(record.id).keyPem).toBe(first.keyPem);
  });

  it.each(["20300101-000000-00000000", "../certificates", ""])("are not found by %j", (id) => {
    const store = openCertificateStore(directory);
    expect(codeOf(() => store.requestCredentials(id))).toBe("unknown-request");
    expect(codeOf(() => store.credentials(id))).toBe("unknown-certificate");
    expect(codeOf(() => store.assign(id))).toBe("unknown-certificate");
  });
});

describe("assignments of a store", () => {
  it("make one certificate live, and roll back one step each time", () => {
    const store = openCertificateStore(directory);
    expect(store.live()).toBeUndefined();
    expect(readLive(directory)).toBeUndefined();
    const ids = [first, second, third].map((pair) => add(store, pair).id);
    for (const id of ids) store.assign(id);
    expect(store.live()?.id).toBe(ids[2]);
    expect(store.certificates().map((one) => one.live)).toEqual([true, false, false]);
    expect(store.rollBack()).toMatchObject({ id: ids[1], live: true });
    expect(store.rollBack().id).toBe(ids[0]);
    expect(readLive(directory)).toEqual({
      id: ids[0],
      certificatePem: first.certificatePem,
      keyPem: first.keyPem,
    });
    expect(codeOf(() => store.rollBack())).toBe("nothing-to-roll-back");
    expect(store.assignments().map(({ certificate, how }) => [how, certificate])).toEqual([
      ["assign", ids[0]],
      ["assign", ids[1]],
      ["assign", ids[2]],
      ["roll-back", ids[1]],
      ["roll-back", ids[0]],
    ]);
  });

  it("of what is live already leave nothing to roll back to", () => {
    const store = openCertificateStore(directory);
    const { id } = add(store, first);
    store.assign(id);
    store.assign(id);
    expect(codeOf(() => store.rollBack())).toBe("nothing-to-roll-back");
  });

  it.each(["", "{", "[]", '{"assignments":[{"certificate":"../../x","at":"","how":"assign"}]}'])(
    "are refused when damaged: %j",
    (content) => {
      const store = openCertificateStore(directory);
      writeFileSync(join(directory, "assignments.json"), content, { mode: 0o600 });
      expect(codeOf(() => readLive(directory))).toBe("store-damaged");
      expect(codeOf(() => store.live())).toBe("store-damaged");
    },
  );
});

describe("a store after a killed or failed command", () => {
  const old = new Date(Date.now() - 2 * 3_600_000);

  it("takes away what was left unfinished an hour ago, and nothing newer", () => {
    openCertificateStore(directory);
    const [left, running] = ["a", "b"].map((name) => join(directory, "certificates", `.unfinished-${name}`));
    for (const path of [left!, running!]) mkdirSync(path);
    utimesSync(left!, old, old);
    openCertificateStore(directory);
    expect(readdirSync(join(directory, "certificates"))).toEqual([".unfinished-b"]);
  });

  it("takes over a lock that its holder left", () => {
    const store = openCertificateStore(directory);
    writeFileSync(join(directory, "lock"), "");
    utimesSync(join(directory, "lock"), old, old);
    expect(add(store, first).live).toBe(false);
    expect(existsSync(join(directory, "lock"))).toBe(false);
  });
});
