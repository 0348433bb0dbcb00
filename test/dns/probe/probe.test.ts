import { createSecureContext } from "node:tls";
import { afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { Certificate } from "../../../src/certificate/certificate";
import { type ProbeOptions, type ProbeResult, probe } from "../../../src/dns/probe";
import { documentOf, LOCAL, partner, REMOTE } from "../../gateway/documents";
import { createLab, type Lab } from "../../gateway/lab";
import { startTestGateway, stopGateways } from "../../gateway/running";
import { closeServers, features, HEADER, listen, PROCEED, STARTTLS, script, secure } from "./servers";

let lab: Lab;
beforeAll(async () => {
  lab = await createLab();
});
afterEach(async () => {
  await closeServers();
  await stopGateways();
});

const ask = (port: number, options: ProbeOptions = {}): Promise<ProbeResult> =>
  probe({ domain: REMOTE, address: "127.0.0.1", port, from: LOCAL }, { timeout: 30_000, ...options });

/** A server that says these texts at once, whatever is said to it. */
const saying = (...texts: string[]) => listen((socket) => void socket.write(texts.join("")));

/** A server that goes through TLS and then offers this. */
const offering = (inside: string, stapled?: Buffer) =>
  listen((socket) =>
    script(socket, [
      [/<stream:stream[^>]*>/, HEADER + features(STARTTLS)],
      [
        /<starttls[^>]*>/,
        () => {
          socket.write(PROCEED);
          secure(socket, lab.partner, stapled, (tls) =>
            script(tls, [[/<stream:stream[^>]*>/, HEADER + features(inside)]]),
          );
        },
      ],
    ]),
  );

describe("a server that answers", () => {
  test("is told with its TLS version, its chain as sent, and what it offers inside TLS", async () => {
    const port = await offering(
      "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>EXTERNAL</mechanism></mechanisms><dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>",
    );
    const result = await ask(port);
    expect(result).toMatchObject({
      domain: REMOTE,
      address: "127.0.0.1",
      port,
      reached: "secure-features",
      header: { from: REMOTE, id: "s1", versioned: true, dialback: true },
      features: { starttls: "optional" },
      secureFeatures: { mechanisms: ["EXTERNAL"], dialback: { errors: true } },
      secureDialback: true,
    });
    expect(result.problem).toBeUndefined();
    expect(result.tls?.version).toBe("TLSv1.3");
    expect(result.tls?.cipher).toMatch(/^TLS_AES/);
    const chain = result.tls!.chain.map((der) => Certificate.read(der));
    expect(chain).toHaveLength(2);
    expect(chain[0]!.extensions.subjectAltName).toEqual([{ form: "dns", name: REMOTE }]);
  });

  test("hands over the OCSP response that it staples, unread", async () => {
    const result = await ask(await offering("", Buffer.from("stapled")));
    expect(result.tls?.stapled).toEqual(Buffer.from("stapled"));
  });

  test("may staple nothing", async () => {
    const result = await ask(await offering(""));
    expect(result.reached).toBe("secure-features");
    expect(result.tls).not.toHaveProperty("stapled");
  });

  test("that declares the namespace alone offers dialback too", async () => {
    expect((await ask(await offering(""))).secureDialback).toBe(true);
  });
});

describe("a server that does not", () => {
  const SPACE = " ".repeat(100_000);
  test.each<[string, () => Promise<number>, string, string]>([
    ["speaks another protocol", () => saying("220 smtp.fabrikam.example\r\n"), "not-xmpp", "connected"],
    ["speaks to clients", () => saying(HEADER.replace("jabber:server'", "jabber:client'")), "not-xmpp", "connected"],
    ["has no version", () => saying(HEADER.replace(" version='1.0'>", ">")), "no-version", "stream"],
    ["offers no STARTTLS", () => saying(HEADER, features("")), "no-starttls", "features"],
    [
      "refuses STARTTLS",
      () => saying(HEADER, features(STARTTLS), "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
      "starttls-refused",
      "features",
    ],
    [
      "has something in plain behind <proceed/>",
      () => saying(HEADER, features(STARTTLS), PROCEED, "<message/>"),
      "starttls-injection",
      "features",
    ],
    [
      "breaks TLS off",
      () =>
        listen((socket) =>
          script(socket, [
            [/<stream:stream[^>]*>/, HEADER + features(STARTTLS)],
            [/<starttls[^>]*>/, PROCEED],
            [/^./s, "no TLS, sorry"],
          ]),
        ),
      "tls-failed",
      "features",
    ],
    ["closes at once", () => listen((socket) => socket.end()), "closed", "connected"],
    ["closes its stream", () => saying(HEADER, "</stream:stream>"), "closed", "stream"],
    ["says other things without end", () => saying(HEADER, "<message/>".repeat(1000)), "unexpected", "stream"],
    ["sends white space without end", () => saying(HEADER, SPACE, SPACE), "not-xmpp", "stream"],
    ["sends an element without end", () => saying(HEADER, `<a b='${"x".repeat(50_000)}`), "not-xmpp", "stream"],
    ["stays silent", () => listen(() => undefined), "timeout", "connected"],
    ["drips", () => listen(drip), "timeout", "stream"],
  ])("%s", async (_, start, code, reached) => {
    const result = await ask(await start(), { timeout: 300 });
    expect(result.problem).toMatchObject({ code, text: expect.stringMatching(/./) });
    expect(result.reached).toBe(reached);
  });

  test("says by a stream error why", async () => {
    const port = await saying(
      HEADER,
      "<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>",
    );
    expect((await ask(port)).problem).toEqual({
      code: "stream-error",
      text: "host-unknown",
      condition: "host-unknown",
      awaited: "features",
    });
  });

  test("is not there", async () => {
    const port = await saying("");
    await closeServers();
    expect(await ask(port)).toMatchObject({ reached: "none", problem: { code: "connect-failed" } });
  });

  test("need not be waited for", async () => {
    const port = await listen(() => undefined);
    const stop = new AbortController();
    const result = ask(port, { signal: stop.signal });
    stop.abort();
    expect((await result).problem?.code).toBe("aborted");
    expect((await ask(port, { signal: stop.signal })).problem?.code).toBe("aborted");
  });
});

describe("our own gateway", () => {
  const gateway = (settings = {}) => startTestGateway(lab, { document: documentOf([partner(settings)]) });
  const askEdge = (port: number, from: string | undefined, options: ProbeOptions = {}) =>
    probe({ domain: LOCAL, address: "127.0.0.1", port, ...(from !== undefined && { from }) }, options);
  const asPartner = () =>
    createSecureContext({ cert: lab.partner.certificatePem, key: lab.partner.keyPem, ca: [], minVersion: "TLSv1.2" });

  test("offers EXTERNAL to a partner that shows its certificate, and to it alone", async () => {
    const { port } = await gateway({ sasl: "Required", dialback: true });
    const shown = await askEdge(port, REMOTE, { secureContext: asPartner() });
    expect(shown).toMatchObject({ reached: "secure-features", features: { starttls: "required" } });
    expect(shown.secureFeatures?.mechanisms).toEqual(["EXTERNAL"]);
    const hidden = await askEdge(port, REMOTE);
    expect(hidden.tls?.chain).toHaveLength(2);
    expect(hidden.secureFeatures?.mechanisms).toBeUndefined();
  });

  test("refuses a stranger before features", async () => {
    const { port } = await gateway();
    expect(await askEdge(port, "stranger.example")).toMatchObject({
      reached: "stream",
      problem: { code: "stream-error", condition: "policy-violation" },
    });
  });

  test("shows its certificate to somebody who does not say who it is", async () => {
    const { port } = await gateway();
    const result = await askEdge(port, undefined);
    expect(result.tls?.chain).toHaveLength(2);
  });
});

function drip(socket: import("node:net").Socket): void {
  socket.write(HEADER);
  const timer = setInterval(() => socket.write(" "), 20);
  socket.on("close", () => clearInterval(timer));
}
