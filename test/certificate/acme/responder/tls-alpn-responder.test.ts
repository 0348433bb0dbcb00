import { createHash, X509Certificate } from "node:crypto";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { afterEach, beforeEach, describe, expect, it, test } from "@jest/globals";
import { AsnParser, OctetString } from "@peculiar/asn1-schema";
import { Certificate } from "@peculiar/asn1-x509";
import { RESPONDER_LIMITS, type Responder } from "../../../../src/certificate/acme/responder/responder";
import { openTlsAlpnResponder } from "../../../../src/certificate/acme/responder/tls-alpn-responder";
import { exchangeRaw, holdOpen } from "./raw-client";

const answer = { name: "contoso.example", token: "token", keyAuthorization: "token.thumbprint" };
const NOW = Date.now();

let responder: Responder;
let port: number;

beforeEach(async () => {
  responder = await openTlsAlpnResponder([{ address: "127.0.0.1", port: 0 }], () => NOW);
  port = responder.addresses[0]!.port;
  await responder.answer([answer]);
});
afterEach(() => responder.close());

interface Seen {
  readonly alpn: string | false | null;
  readonly der: Buffer;
  readonly data: string;
}

/** What a client is shown, until the server ends the connection. */
function shake(options: ConnectionOptions): Promise<Seen> {
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, ...options });
    let seen: Seen | undefined;
    let data = "";
    socket.once("secureConnect", () => {
      seen = { alpn: socket.alpnProtocol, der: socket.getPeerX509Certificate()!.raw, data };
    });
    socket.on("data", (part) => {
      data += part;
    });
    socket.once("error", reject);
    socket.once("close", () => (seen === undefined ? reject(new Error("closed")) : resolve({ ...seen, data })));
  });
}

const asked = { servername: "contoso.example", ALPNProtocols: ["acme-tls/1"] };

describe("TLS-ALPN-01 (RFC 8737)", () => {
  test.each(["TLSv1.2", "TLSv1.3"] as const)(
    "shows the certificate of section 3 over %s, and ends",
    async (version) => {
      const { alpn, der, data } = await shake({ ...asked, minVersion: version, maxVersion: version });
      expect({ alpn, data }).toEqual({ alpn: "acme-tls/1", data: "" });
      const certificate = new X509Certificate(der);
      expect(certificate.subjectAltName).toBe("DNS:contoso.example");
      expect(certificate.verify(certificate.publicKey)).toBe(true);
      const extension = AsnParser.parse(der, Certificate).tbsCertificate.extensions?.find(
        ({ extnID }) => extnID === "1.3.6.1.5.5.7.1.31",
      );
      expect(extension?.critical).toBe(true);
      const digest = Buffer.from(AsnParser.parse(extension!.extnValue.buffer, OctetString).buffer);
      expect(digest).toEqual(createHash("sha256").update(answer.keyAuthorization).digest());
    },
  );

  it("finds the name whatever its case", async () => {
    expect((await shake({ ...asked, servername: "Contoso.EXAMPLE" })).alpn).toBe("acme-tls/1");
  });

  test.each<[string, ConnectionOptions]>([
    ["another name", { ...asked, servername: "fabrikam.example" }],
    ["a name below", { ...asked, servername: "a.contoso.example" }],
    ["no name", { ALPNProtocols: ["acme-tls/1"], servername: "" }],
    ["another protocol", { ...asked, ALPNProtocols: ["http/1.1", "h2"] }],
    ["TLS 1.1", { ...asked, minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" }],
  ])("fails the handshake for %s", async (_, options) => {
    await expect(shake(options)).rejects.toThrow();
    expect((await shake(asked)).alpn).toBe("acme-tls/1"); // and it lives on
  });

  it("ends the connection of a client that asks for no protocol, unheard", async () => {
    const { alpn, data } = await shake({ servername: "contoso.example" });
    expect({ alpn, data }).toEqual({ alpn: false, data: "" });
  });

  test.each([
    ["plain HTTP", "GET / HTTP/1.1\r\n\r\n"],
    ["a cut record", "\x16\x03\x01\x02"],
    ["nonsense", "\xff".repeat(20_000)],
  ])("bears %s", async (_, text) => {
    const held = exchangeRaw(port, text);
    expect((await shake(asked)).alpn).toBe("acme-tls/1");
    await responder.close();
    await held;
  });

  it("shows nothing when the answer is gone", async () => {
    await responder.answer([]);
    await expect(shake(asked)).rejects.toThrow();
  });

  it("is not kept from the CA by those who hold connections open", async () => {
    const held = await holdOpen(port, RESPONDER_LIMITS.connections + 5);
    expect((await shake(asked)).alpn).toBe("acme-tls/1");
    held.close();
  });
});
