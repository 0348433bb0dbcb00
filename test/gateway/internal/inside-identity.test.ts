import { X509Certificate } from "node:crypto";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { TrustStore } from "../../../src/certificate/chain";
import { publicKeyPin } from "../../../src/certificate/peer-identity";
import { InsideIdentity } from "../../../src/gateway/internal/inside-identity";
import { TestAuthority } from "../../peers/rig/pki";
import { LOCAL, partner } from "../documents";

let known: TestAuthority;
let leaf: Buffer;
let strange: Buffer;
const der = (pem: string) => new X509Certificate(pem).raw;
const judge = (row: Parameters<typeof partner>[0], presented: readonly Buffer[]) =>
  new InsideIdentity(TrustStore.fromPem(known.caPem), Date.now).judge(partner(row), LOCAL, presented);

beforeAll(async () => {
  known = await TestAuthority.create("The company's CA");
  leaf = der((await known.issue({ names: [LOCAL] })).certPem);
  strange = der((await (await TestAuthority.create("Nobody's CA")).issue({ names: ["localhost"] })).certPem);
});

describe("our own server is itself", () => {
  test("by the key that is pinned, whoever signed its certificate and whatever it names", () => {
    expect(judge({ pins: [publicKeyPin(strange)] }, [strange])).toEqual({ ok: true });
  });

  test("by a chain to the anchors and its name where no key is pinned", () => {
    expect(judge({}, [leaf])).toEqual({ ok: true });
    expect(judge({}, [strange]).ok).toBe(false);
  });

  test("by both where both are named", () => {
    const trustAnchors = [known.caPem];
    expect(judge({ trustAnchors, pins: [publicKeyPin(leaf)] }, [leaf])).toEqual({ ok: true });
    expect(judge({ trustAnchors, pins: [publicKeyPin(strange)] }, [leaf]).ok).toBe(false);
    expect(judge({ trustAnchors, pins: [publicKeyPin(strange)] }, [strange]).ok).toBe(false);
  });

  test.each([
    ["another key", () => [leaf], "internal.pins"],
    ["no certificate", () => [], "no certificate"],
    ["what is none", () => [Buffer.from("junk")], "cannot be read"],
  ])("and not by %s", (_, presented, reason) => {
    const verdict = judge({ pins: [publicKeyPin(strange)] }, presented());
    expect(verdict).toMatchObject({ ok: false, reason: expect.stringContaining(reason) });
  });
});
