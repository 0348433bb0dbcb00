import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { checkRevocation, type RevocationQuestion } from "../../../src/certificate/revocation/check-revocation";
import { judgeByList } from "../../../src/certificate/revocation/crl";
import { ListFetchError } from "../../../src/certificate/revocation/list-source";
import { judgeByStapled } from "../../../src/certificate/revocation/ocsp";
import { readRevocationPointers } from "../../../src/certificate/revocation/pointers";
import { runs } from "../../fuzz-runs";
import { type IssuedByOpenssl, OpensslCa } from "./openssl-ca";

const DAY = 86_400_000;
const URL = "http://crl.example/ca.crl";
const POINT = `crlDistributionPoints=URI:${URL}`;
/** A minute on: openssl dates what it makes during the tests by the clock. */
const now = new Date(Date.now() + 60_000);
const inDays = (days: number) => new Date(now.getTime() + days * DAY);

let ca: OpensslCa;
let good: IssuedByOpenssl;
let bad: IssuedByOpenssl;
let list: Buffer;
const about = ({ certificate }: IssuedByOpenssl) => ({ certificate, pointers: readRevocationPointers(certificate) });

beforeAll(() => {
  ca = new OpensslCa();
  good = ca.issue("good", POINT, "basicConstraints=CA:FALSE");
  bad = ca.issue("bad", POINT);
  ca.issue("signer", "extendedKeyUsage=OCSPSigning");
  ca.issue("impostor", "extendedKeyUsage=serverAuth");
  ca.revoke("bad");
  list = ca.list();
});
afterAll(() => ca.remove());

describe("what a certificate says about its revocation", () => {
  test("is its serial number and where the list is", () => {
    expect(readRevocationPointers(good.certificate)).toEqual({
      serialNumber: Buffer.from([0x10, 0x00]),
      listUrls: [URL],
      mustStaple: false,
    });
  });

  test.each<[string, string[], { listUrls: string[]; mustStaple: boolean }]>([
    ["nothing", [], { listUrls: [], mustStaple: false }],
    ["that the server has to staple", ["tlsfeature=status_request"], { listUrls: [], mustStaple: true }],
    ["a list in a directory", ["crlDistributionPoints=URI:ldap://crl.example/"], { listUrls: [], mustStaple: false }],
    ["a list behind TLS", ["crlDistributionPoints=URI:https://crl.example/"], { listUrls: [], mustStaple: false }],
    [
      "two lists",
      ["crlDistributionPoints=URI:http://a.example/,URI:http://b.example/"],
      { listUrls: ["http://a.example/", "http://b.example/"], mustStaple: false },
    ],
  ])("may be %s", (name, extensions, expected) => {
    const issued = ca.issue(name.replaceAll(" ", "-"), ...extensions);
    expect(readRevocationPointers(issued.certificate)).toMatchObject(expected);
  });
});

describe("a revocation list", () => {
  test("tells the good from the revoked", () => {
    expect(judgeByList(list, about(good), ca.ca.certificate, now)).toMatchObject({ status: "good" });
    expect(judgeByList(list, about(bad), ca.ca.certificate, now)).toEqual({
      status: "revoked",
      since: expect.any(Date),
      reason: "key compromise",
    });
  });

  test.each([
    ["RSA", ["rsa:2048"]],
    ["Ed25519", ["ed25519"]],
    ["P-384", ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"]],
  ])("may be signed with %s", (_, keyArguments) => {
    const other = new OpensslCa(keyArguments);
    try {
      const leaf = other.issue("leaf", POINT);
      other.revoke("leaf", "superseded");
      expect(judgeByList(other.list(), about(leaf), other.ca.certificate, now)).toMatchObject({
        status: "revoked",
        reason: "superseded",
      });
    } finally {
      other.remove();
    }
  });

  test.each<[string, () => Buffer, Date, RegExp]>([
    ["is out of date", () => list, inDays(8), /a newer one was due on/],
    ["is of the future", () => list, inDays(-1), /in the future/],
    ["is forged", () => forged(), now, /its signature is not the issuer's/],
    ["is cut short", () => list.subarray(0, -10), now, /it cannot be read/],
    ["is a web page", () => Buffer.from("<!doctype html>"), now, /it cannot be read/],
    ["is for CAs", () => ca.list(scope("onlyCA:TRUE")), now, /it is for CAs only/],
    ["is for some reasons", () => ca.list(scope("onlysomereasons:keyCompromise")), now, /for some reasons only/],
    ["is indirect", () => ca.list(scope("indirectCRL:TRUE")), now, /an indirect list/],
    [
      "belongs to another distribution point",
      () => ca.list(scope("fullname:URI:http://crl.example/other.crl")),
      now,
      /name another distribution point/,
    ],
    ["is a delta", () => ca.list("2.5.29.27=critical,DER:020101"), now, /only what is new/],
    ["has a critical extension", () => ca.list("1.2.3.4=critical,DER:0500"), now, /critical extension 1\.2\.3\.4/],
  ])("that %s says nothing", (_, bytes, moment, because) => {
    const answer = judgeByList(bytes(), about(good), ca.ca.certificate, moment);
    expect(answer).toEqual({ status: "unknown", because: expect.stringMatching(because) });
  });

  test("of the certificate's own distribution point counts", () => {
    const own = ca.list(scope(`fullname:URI:${URL},onlyuser:TRUE`));
    expect(judgeByList(own, about(bad), ca.ca.certificate, now).status).toBe("revoked");
    expect(judgeByList(own, about(good), ca.ca.certificate, now).status).toBe("good");
  });

  test("of another CA says nothing", () => {
    const other = new OpensslCa();
    try {
      const answer = judgeByList(other.list(), about(good), ca.ca.certificate, now);
      expect(answer).toMatchObject({ status: "unknown", because: expect.stringMatching(/signature/) });
      const named = judgeByList(list, about(good), good.certificate, now);
      expect(named).toEqual({ status: "unknown", because: "it is the list of another CA" });
    } finally {
      other.remove();
    }
  });

  test("never throws, and never turns into a good answer, however it is changed", () => {
    fc.assert(
      fc.property(fc.nat(list.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
        const changed = Buffer.from(list);
        changed[at] = changed[at]! ^ by;
        expect(judgeByList(changed, about(good), ca.ca.certificate, now).status).toBe("unknown");
      }),
      { numRuns: runs(300) },
    );
  });
});

describe("a stapled response", () => {
  test.each([
    ["the CA", "ca"],
    ["a signer that the CA appointed", "signer"],
  ])("by %s tells the good from the revoked", (_, signer) => {
    const judge = (name: string, one: IssuedByOpenssl) =>
      judgeByStapled(ca.ocsp(name, { signer }), about(one), ca.ca.certificate, now);
    expect(judge("good", good)).toMatchObject({ status: "good" });
    expect(judge("bad", bad)).toEqual({ status: "revoked", since: expect.any(Date), reason: "key compromise" });
  });

  test.each<[string, () => Buffer, Date, RegExp]>([
    ["by somebody else's certificate", () => ca.ocsp("good", { signer: "impostor" }), now, /nor a signer/],
    ["about another certificate", () => ca.ocsp("bad"), now, /another certificate/],
    ["that is old", () => ca.ocsp("good"), inDays(4), /a newer one was due/],
    ["without an end", () => ca.ocsp("good", { days: 0 }), now, /when the next one comes/],
    ["that is no answer", () => Buffer.from([0x30, 3, 0x0a, 1, 3]), now, /try later/],
    ["of nonsense", () => Buffer.from("nonsense"), now, /cannot be read/],
  ])("%s says nothing", (_, bytes, moment, because) => {
    expect(judgeByStapled(bytes(), about(good), ca.ca.certificate, moment)).toEqual({
      status: "unknown",
      because: expect.stringMatching(because),
    });
  });

  test("never throws, and never turns into a good answer, however it is changed", () => {
    const response = ca.ocsp("good");
    const along = judgeByStapled(response, about(good), ca.ca.certificate, now);
    expect(along.status).toBe("good");
    fc.assert(
      fc.property(fc.nat(response.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
        const changed = Buffer.from(response);
        changed[at] = changed[at]! ^ by;
        const answer = judgeByStapled(changed, about(good), ca.ca.certificate, now);
        // Behind the signature stand certificates that a response of the CA itself has no use for.
        if (answer.status === "good") expect(answer).toEqual(along);
        else expect(answer.status).toBe("unknown");
      }),
      { numRuns: runs(300) },
    );
  });
});

describe("a path", () => {
  const ask = (leaf: IssuedByOpenssl, question: Partial<RevocationQuestion> = {}) =>
    checkRevocation({
      path: [leaf.certificate, ca.ca.certificate],
      live: true,
      lists: async () => list,
      now,
      ...question,
    });

  test("is judged by the stapled response first", async () => {
    const lists = async () => {
      throw new Error("nothing is fetched");
    };
    expect(await ask(good, { stapled: ca.ocsp("good"), lists })).toMatchObject([
      { status: "good", by: "stapled OCSP response", stapleMissing: false },
    ]);
  });

  test("is judged by the list where nothing good was stapled", async () => {
    expect(await ask(bad, { stapled: Buffer.from("nonsense") })).toMatchObject([{ status: "revoked", by: URL }]);
    expect(await ask(good)).toMatchObject([{ status: "good", by: URL }]);
  });

  test("is of unknown state where the list cannot be had", async () => {
    const lists = async () => {
      throw new ListFetchError("unreachable", "no way there");
    };
    expect(await ask(good, { lists })).toMatchObject([{ status: "unknown", detail: `list ${URL}: no way there` }]);
  });

  test("whose CA publishes nothing says so, and whether a staple was demanded", async () => {
    const silent = ca.issue("silent", "tlsfeature=status_request");
    expect(await ask(silent)).toMatchObject([{ status: "unpublished", stapleMissing: true }]);
    expect(await ask(silent, { live: false })).toMatchObject([{ status: "unpublished", stapleMissing: false }]);
  });
});

const scope = (value: string) =>
  `issuingDistributionPoint=critical,@scope\n[scope]\n${value
    .replaceAll(/(\w+):(?!\/\/)/g, "$1=")
    .replace("fullname=URI=", "fullname=URI:")
    .replaceAll(",", "\n")}`;

/** A list of a CA that has the same name and another key. */
function forged(): Buffer {
  const twin = new OpensslCa();
  try {
    return twin.list();
  } finally {
    twin.remove();
  }
}
