import { afterEach, describe, expect, test } from "@jest/globals";
import { AcmeServer } from "../../../src/certificate/acme/acme-server";
import { renewalInfo, renewalName } from "../../../src/certificate/acme/renewal-info";
import { type Answerer, directory, directoryStandIn, json } from "./directory-stand-in";

/** The example of RFC 9773 appendix A. */
const EXAMPLE = `-----BEGIN CERTIFICATE-----
MIIBQzCB66ADAgECAgUAh2VDITAKBggqhkjOPQQDAjAVMRMwEQYDVQQDEwpFeGFt
cGxlIENBMCIYDzAwMDEwMTAxMDAwMDAwWhgPMDAwMTAxMDEwMDAwMDBaMBYxFDAS
BgNVBAMTC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeBZu
7cbpAYNXZLbbh8rNIzuOoqOOtmxA1v7cRm//AwyMwWxyHz4zfwmBhcSrf47NUAFf
qzLQ2PPQxdTXREYEnKMjMCEwHwYDVR0jBBgwFoAUaYhba4dGQEHhs3uEe6CuLN4B
yNQwCgYIKoZIzj0EAwIDRwAwRAIge09+S5TZAlw5tgtiVvuERV6cT4mfutXIlwTb
+FYN/8oCIClDsqBklhB9KAelFiYt9+6FDj3z4KGVelYM5MdsO3pK
-----END CERTIFICATE-----`;

test("a certificate is named by its issuer's key and its serial number, as RFC 9773 has it", () => {
  expect(renewalName(EXAMPLE)).toBe("aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE");
});

describe("renewal information of a directory stand-in", () => {
  const closing: (() => void)[] = [];
  afterEach(() => {
    for (const close of closing.splice(0)) close();
  });

  async function ask(answer: Answerer) {
    const standIn = await directoryStandIn(answer);
    const server = new AcmeServer({ directory: `${standIn.base}/dir`, accountKeyPem: "", patience: 500 });
    closing.push(standIn.close, () => server.close());
    return { standIn, info: renewalInfo(server, `${standIn.base}/dir`, "key.serial") };
  }
  const offering =
    (value: unknown, headers: Record<string, string> = {}, status = 200): Answerer =>
    (request, response, base) =>
      request.url === "/dir"
        ? json(response, directory(base, { renewalInfo: `${base}/renewal/` }))
        : json(response, value, status, headers);
  const window = { start: "2030-06-01T00:00:00Z", end: "2030-06-03T00:00:00Z" };

  test("is read, and asked for again when the server says", async () => {
    const { standIn, info } = await ask(
      offering({ suggestedWindow: window, explanationURL: "https://ca.example/why" }, { "retry-after": "21600" }),
    );
    await expect(info).resolves.toEqual({
      window: { start: Date.parse(window.start), end: Date.parse(window.end) },
      askAgain: 21_600_000,
      explanation: "https://ca.example/why",
    });
    expect(standIn.asked).toEqual(["GET /dir", "GET /renewal/key.serial"]);
  });

  test.each([
    ["0", 60_000],
    ["99999999", 86_400_000],
    ["nonsense", 21_600_000],
  ])("asks again within bounds for Retry-After %s", async (header, askAgain) => {
    const { info } = await ask(offering({ suggestedWindow: window }, { "retry-after": header }));
    await expect(info).resolves.toMatchObject({ askAgain });
  });

  test("is none where the directory does not offer it", async () => {
    const { info } = await ask((_, response, base) => json(response, directory(base)));
    await expect(info).resolves.toBeUndefined();
  });

  test.each<[string, unknown, number, string]>([
    ["no window", {}, 200, "acme-answer"],
    [
      "a window that ends before it begins",
      { suggestedWindow: { start: window.end, end: window.start } },
      200,
      "acme-answer",
    ],
    ["dates that are none", { suggestedWindow: { start: "soon", end: "later" } }, 200, "acme-answer"],
    ["a list", [], 200, "acme-answer"],
    ["a fault", { type: "urn:ietf:params:acme:error:serverInternal" }, 500, "acme-unreachable"],
    ["a refusal", { type: "urn:ietf:params:acme:error:malformed", detail: "no such certificate" }, 404, "acme-refused"],
    ["a rate limit", { type: "urn:ietf:params:acme:error:rateLimited" }, 429, "acme-rate-limited"],
  ])("with %s is an error that says so", async (_, value, status, code) => {
    const { info } = await ask(offering(value, {}, status));
    await expect(info).rejects.toMatchObject({ code, remedy: expect.any(String) });
  });
});
