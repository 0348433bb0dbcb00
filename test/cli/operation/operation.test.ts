/** `status`, `ping` and `trace` against a gateway that runs, whose partner is another one. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import type { DocumentPartner } from "../../../src/definition/facts/gateway-document";
import type { GatewayOptions } from "../../../src/gateway/gateway";
import { documentOf, LOCAL, partner, REMOTE } from "../../gateway/documents";
import { createLab, type Lab } from "../../gateway/lab";
import { type Names, namesOf } from "../../gateway/names";
import { eventually } from "../../gateway/raw-peer";
import { startTestGateway, stopGateways, type TestGateway } from "../../gateway/running";
import { runCli } from "../run-cli";

const ANNA = `anna@${REMOTE}`;
let lab: Lab;
let strangers: Lab;
const folders: string[] = [];
const servers: Server[] = [];

beforeAll(async () => {
  [lab, strangers] = await Promise.all([createLab(), createLab()]);
});
afterEach(async () => {
  await stopGateways();
  for (const server of servers.splice(0)) server.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "xmpp-edge-operation-"));
  folders.push(made);
  return made;
}

/** Where a domain's server is. */
const at = (domain: string, port: number): Names => ({
  srv: { [domain]: [{ target: `xmpp.${domain}`, port }] },
  addresses: { [`xmpp.${domain}`]: ["127.0.0.1"] },
});

interface Ours {
  readonly gateway: TestGateway;
  /** What every command is told. */
  readonly reach: readonly string[];
}

/** Our gateway, with an admin port; `names` says where the partner is. */
async function ours(names: Names, row: Partial<DocumentPartner> = {}): Promise<Ours> {
  const state = folder();
  const gateway = await startTestGateway(lab, {
    document: documentOf([partner(row)]),
    stateDirectory: state,
    resolver: namesOf(names),
    admin: { address: "127.0.0.1", port: 0 },
  });
  return { gateway, reach: ["--admin", `127.0.0.1:${gateway.admin()?.port}`, "--state", state] };
}

/** The partner's gateway. */
function theirs(names: Names, options: Partial<GatewayOptions> = {}): Promise<TestGateway> {
  return startTestGateway(lab, {
    document: documentOf([partner({ domain: LOCAL })], { name: "fabrikam", localDomains: [REMOTE] }),
    credentials: [lab.partner],
    resolver: namesOf(names),
    ...options,
  });
}

/** Both, each finding the other. */
async function federated(options: Partial<GatewayOptions> = {}, row: Partial<DocumentPartner> = {}): Promise<Ours> {
  const ourNames: { -readonly [K in keyof Names]: Names[K] } = {};
  const our = await ours(ourNames, row);
  const partnerGateway = await theirs(at(LOCAL, our.gateway.port), options);
  Object.assign(ourNames, at(REMOTE, partnerGateway.port));
  return our;
}

describe("ping", () => {
  test("tells the latency and that the way there and back works", async () => {
    const { reach } = await federated();
    const run = await runCli(["ping", ANNA, ...reach, "--json"]);
    expect(run).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(run.stdout)).toMatchObject({
      outcome: "answered",
      reached: true,
      streamStood: false,
      condition: "service-unavailable",
      from: LOCAL,
      to: ANNA,
      partner: REMOTE,
      milliseconds: expect.any(Number),
    });
    const again = await runCli(["ping", ANNA, ...reach.slice(0, 2), "--token-file", `${reach[3]}/admin.token`]);
    expect(again.stdout).toMatch(
      /^anna@fabrikam\.example from contoso\.example: answered: in \d+ ms, over a stream that/,
    );
    expect(again.code).toBe(0);
  });

  test.each<[string, string, string, () => Promise<Ours>]>([
    ["a partner without a record", "DNS", "theirs", () => ours({})],
    ["a resolver that fails", "DNS", "between", () => ours({ srv: { [REMOTE]: "timeout" } })],
    [
      "a partner at an address that must not be dialled",
      "DNS",
      "theirs",
      () => ours({ ...at(REMOTE, 5269), addresses: { [`xmpp.${REMOTE}`]: ["169.254.169.254"] } }),
    ],
    ["a partner whose port is closed", "connect", "between", async () => ours(at(REMOTE, await closedPort()))],
    ["a partner whose TLS breaks", "TLS", "theirs", async () => ours(at(REMOTE, await brokenTls()))],
    [
      "a partner with a certificate of nobody's",
      "certificate",
      "theirs",
      () => federated({ credentials: [lab.forged] }),
    ],
    [
      "a partner that does not trust us and cannot ask us either",
      "authentication",
      "theirs",
      () =>
        federated(
          {
            trustAnchorsPem: strangers.anchorsPem,
            resolver: namesOf({}),
            document: documentOf([partner({ domain: LOCAL, sasl: "Optional" })], {
              name: "fabrikam",
              localDomains: [REMOTE],
            }),
          },
          { sasl: "Optional" },
        ),
    ],
    [
      "a partner that does not list us",
      "policy",
      "theirs",
      () => federated({ document: documentOf([], { name: "fabrikam", localDomains: [REMOTE] }) }),
    ],
  ])("%s: the hop is %s", async (_name, hop, side, start) => {
    const { reach, gateway } = await start();
    const run = await runCli(["ping", ANNA, ...reach, "--json"]);
    expect(run).toMatchObject({ code: 1, stderr: "" });
    const report = JSON.parse(run.stdout);
    expect(report).toMatchObject({ reached: false, hop, side });
    expect(report.remedy.length).toBeGreaterThan(20);
    expect(gateway.status().failures).toEqual([expect.objectContaining({ partner: REMOTE, direction: "out", hop })]);
  });

  test("a partner whose answers cannot come to us: it was delivered, and no answer came", async () => {
    const { reach } = await federated({ resolver: namesOf({}) });
    const run = await runCli(["ping", ANNA, ...reach, "--timeout", "1"]);
    expect(run.code).toBe(1);
    expect(run.stdout).toMatch(/not reached: delivery, either side, or between: it was sent, and no answer/);
    expect(run.stdout).toContain("check our SRV record");
  });

  test.each([
    ["who is no partner", ["eve@evil.example"], 1, /"evil.example" is no partner of this gateway/],
    ["who is one of us", [`bob@${LOCAL}`], 1, /one of our own domains/],
    ["a domain without a user", [REMOTE], 2, /is no user's address/],
    ["from a domain that is not ours", [ANNA, "--from", "other.example"], 1, /is none of our domains/],
    ["with a time that is none", [ANNA, "--timeout", "0"], 2, /whole seconds/],
  ])("%s is not tried", async (_name, args, code, words) => {
    const { reach } = await ours({});
    const run = await runCli(["ping", ...args, ...reach]);
    expect(run.code).toBe(code);
    expect(run.stderr).toMatch(words);
    expect(run.stderr).not.toMatch(/\bat .*\.ts/);
  });

  test("needs the token", async () => {
    const { reach } = await ours({});
    const elsewhere = folder();
    const none = await runCli(["ping", ANNA, "--admin", reach[1]!, "--state", elsewhere]);
    expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining("admin.token cannot be read") });
    writeFileSync(join(elsewhere, "admin.token"), "0".repeat(64));
    const wrong = await runCli(["ping", ANNA, "--admin", reach[1]!, "--state", elsewhere]);
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining("refuses the token") });
  });
});

describe("status", () => {
  test("shows partners, certificates and what failed last", async () => {
    const { reach } = await federated({ credentials: [lab.forged] });
    await runCli(["ping", ANNA, ...reach]);
    const run = await runCli(["status", "--admin", reach[1]!]);
    expect(run).toMatchObject({ code: 0, stderr: "" });
    expect(run.stdout).toMatch(/^contoso ready, listening on 127\.0\.0\.1:\d+\n/);
    expect(run.stdout).toMatch(/certificate of contoso\.example: \d+ days left/);
    expect(run.stdout).toMatch(/fabrikam\.example ← us \d+ s ago: certificate-refused \(certificate, their side\): /);
    expect(run.stdout).toContain("trustAnchors");
  });

  test("shows streams by partner", async () => {
    const { reach } = await federated();
    await runCli(["ping", ANNA, ...reach]);
    const text = await runCli(["status", "--admin", reach[1]!]);
    expect(text.stdout).toMatch(/fabrikam\.example +1 sasl-over-tls +1 sasl-over-tls +-\n/);
    const json = JSON.parse((await runCli(["status", "--admin", reach[1]!, "--json"])).stdout);
    expect(json.streams).toHaveLength(2);
    expect(json.streams[0]).toMatchObject({ partner: REMOTE, state: "authenticated" });
  });

  test("watches until it is interrupted", async () => {
    const { reach } = await ours({});
    let looks = 0;
    const run = await new Promise<Awaited<ReturnType<typeof runCli>>>((resolve) => {
      let stop: () => void = () => undefined;
      void runCli(["status", "--admin", reach[1]!, "--watch", "0.5", "--json"], {
        onListening: (send) => {
          stop = () => send("SIGINT");
        },
        onStdout: () => {
          if (++looks === 2) stop();
        },
      }).then(resolve);
    });
    expect(run.code).toBe(0); // as the last look found it
    for (const line of run.stdout.trim().split("\n"))
      expect(JSON.parse(line)).toMatchObject({ status: { ready: true } });
  });

  test("where nobody answers is told with what to do", async () => {
    const run = await runCli(["status", "--admin", `127.0.0.1:${await closedPort()}`]);
    expect(run).toMatchObject({ code: 3, stdout: "" });
    expect(run.stderr).toMatch(/no gateway answers at 127\.0\.0\.1:\d+: ECONNREFUSED/);
  });
});

describe("trace", () => {
  test("shows both directions of a partner's streams, without keys and bodies", async () => {
    const { reach } = await federated();
    let stop: () => void = () => undefined;
    let seen = "";
    const traced = runCli(["trace", REMOTE, ...reach, "--json"], {
      onListening: (send) => {
        stop = () => send("SIGINT");
      },
      onStdout: (text) => {
        seen += text;
      },
    });
    await eventually(() => seen.includes("watching"), "it watches");
    await runCli(["ping", ANNA, ...reach]);
    await eventually(() => seen.includes("service-unavailable"), "the answer is seen");
    stop();
    const run = await traced;
    expect(run.code).toBe(130);
    const lines = run.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines[0]).toEqual({ watching: REMOTE });
    const shown = (direction: string, what: string) =>
      lines.filter((line) => line.direction === direction && line.what === what).map(({ text }) => text);
    expect(shown("out", "sent").join("")).toMatch(
      /^<stream:stream .*<starttls .*<auth .*mechanism='EXTERNAL'>\[\d+ bytes\]<\/auth>.*<iq type='get' .*<ping /s,
    );
    expect(shown("out", "received").join("")).toMatch(/<stream:features>.*<proceed .*<success /s);
    expect(shown("out", "note").join("")).toMatch(/TLS stands: TLSv1\.3/);
    expect(shown("in", "received").join("")).toMatch(/<stream:stream .*<starttls .*<iq .*<service-unavailable /s);
    expect(shown("in", "sent").join("")).toMatch(/<stream:stream .*<stream:features>/s);
    expect(run.stdout).not.toContain(Buffer.from(LOCAL).toString("base64"));
  });

  test("nobody else's streams are shown, and who is no partner cannot be watched", async () => {
    const { reach } = await ours({});
    const run = await runCli(["trace", "evil.example", ...reach]);
    expect(run).toMatchObject({ code: 1, stdout: "" });
    expect(run.stderr).toContain("is no partner of this gateway");
  });

  test("ends when its time is over, or when the gateway stops", async () => {
    const { reach, gateway } = await ours({});
    expect(await runCli(["trace", REMOTE, ...reach, "--for", "0.2"])).toMatchObject({ code: 0, stdout: "" });
    let watching = false;
    const traced = runCli(["trace", REMOTE, ...reach], {
      onStderr: () => {
        watching = true;
      },
    });
    await eventually(() => watching, "it watches");
    await gateway.stop();
    expect(await traced).toMatchObject({ code: 1, stderr: expect.stringContaining("the gateway ended the trace") });
  });
});

/** A port on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A partner's server that says `<proceed/>` and then does not speak TLS. */
async function brokenTls(): Promise<number> {
  const server = createServer((socket) => {
    let text = "";
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => {
      if (chunk[0] === 0x16) {
        socket.end("this is no TLS record\n"); // to their ClientHello
        return;
      }
      text += chunk.toString("latin1");
      if (text.includes("<starttls")) socket.write("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
      else if (text.includes("<stream:stream"))
        socket.write(
          `<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' id='x' from='${REMOTE}' to='${LOCAL}' version='1.0'><stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>`,
        );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  servers.push(server);
  return (server.address() as { port: number }).port;
}
