import { describe, expect, it, test } from "@jest/globals";
import { METHOD_NAMES } from "../../src/definition";
import { LYNC_TABLE, partnerOf } from "../definition/lync-table";
import { scratchFolder } from "../load/scratch";
import { runCli } from "./run-cli";

const scratch = scratchFolder();
const edge = (name: string, domain: string, ...partners: readonly object[]) =>
  scratch.write(
    `${name}.json`,
    JSON.stringify({ name, accessEdge: { fqdn: `edge.${domain}` }, domains: [{ name: domain }], partners }),
  );

test("names the users who are blocked", async () => {
  const partner = { domain: "fabrikam.example", blockedUsers: ["eve@fabrikam.example"] };
  const text = await runCli(["explain", edge("blocked", "contoso.example", partner), "fabrikam.example"]);
  expect(text.stdout).toContain("who may do nothing\n  - eve@fabrikam.example\n");
});

describe("explain agrees with Lync's table", () => {
  test.each(LYNC_TABLE.filter(({ kind }) => kind !== "error"))(
    "row $row: TLS $tls, SASL $sasl, dialback $dialback",
    async (row) => {
      const partner = { ...partnerOf(row), ...(row.controlPanelRefuses ? { allowSaslWithoutTls: true } : {}) };
      const file = edge(`row-${row.row}`, "contoso.example", partner);
      const json = await runCli(["explain", file, "fabrikam.example", "--json"]);
      expect([json.code, json.stderr]).toEqual([0, ""]);
      expect(JSON.parse(json.stdout)).toMatchObject({
        row: { row: row.row, methods: row.methods },
        inbound: { methods: row.methods },
        outbound: { methods: row.methods },
        preferred: row.methods[0],
      });
      const text = await runCli(["explain", file, "fabrikam.example"]);
      expect(text.code).toBe(0);
      const names = row.methods.map((method) => METHOD_NAMES[method]).join(", ");
      expect(text.stdout).toContain(`inbound     ${names};`);
      expect(text.stdout).toContain(`outbound    ${names};`);
      expect(text.stdout).toContain(`preferred   ${METHOD_NAMES[row.methods[0]!]}\n`);
      if (row.text !== undefined) expect(text.stdout).toContain(row.text);
    },
  );

  test.each(LYNC_TABLE.filter(({ kind }) => kind === "error"))(
    "row $row is not valid: exit 2 with the row's text",
    async (row) => {
      const file = edge(`row-${row.row}`, "contoso.example", partnerOf(row));
      const { code, stdout, stderr } = await runCli(["explain", file, "fabrikam.example"]);
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toContain(row.text);
      expect(stderr).toContain("is not a valid definition: 1 error\n");
    },
  );

  test.each(LYNC_TABLE.filter(({ kind, controlPanelRefuses }) => kind !== "error" && controlPanelRefuses))(
    "row $row without allowSaslWithoutTls: exit 2",
    async (row) => {
      const file = edge(`row-${row.row}-refused`, "contoso.example", partnerOf(row));
      const { code, stderr } = await runCli(["explain", file, "fabrikam.example"]);
      expect(code).toBe(2);
      expect(stderr).toContain("allowSaslWithoutTls");
    },
  );
});

describe("explain", () => {
  it("ends 1 for who is no partner, with the nearest that is", async () => {
    const file = edge("listed", "contoso.example", { domain: "fabrikam.example" });
    for (const [domain, message] of [
      ["fabricam.example", "did you mean fabrikam.example?"],
      ["nothing-like-it.test", "add it to partners to allow it"],
      ["contoso.example", "it is one of its own domains"],
      ["\u001b[31m", "\\u{1b}[31m is no partner"],
    ] as const) {
      const { code, stdout, stderr } = await runCli(["explain", file, domain]);
      expect([code, stdout]).toEqual([1, ""]);
      expect(stderr).toContain(message);
      expect(stderr).not.toContain("\u001b");
    }
  });

  it("takes additional domains and Unicode", async () => {
    const file = edge("names", "contoso.example", {
      domain: "fabrikam.example",
      additionalDomains: ["bücher.example"],
    });
    const { code, stdout } = await runCli(["explain", file, "BÜCHER.example"]);
    expect(code).toBe(0);
    expect(stdout).toContain("xn--bcher-kva.example, an additional domain of fabrikam.example: PublicUnverified");
  });

  const plain = { partnerType: "Federated", tlsNegotiation: "NotSupported", saslNegotiation: "NotSupported" };
  test.each<[string, object, object[], number, string]>([
    [
      "the best common method",
      { saslNegotiation: "Optional" },
      [{ domain: "contoso.example", saslNegotiation: "NotSupported" }],
      0,
      "TLS dialback",
    ],
    ["no common method", {}, [{ domain: "contoso.example", ...plain }], 1, "no common method: the link cannot come up"],
    ["who does not allow us", {}, [], 1, "fabrikam does not allow contoso.example"],
  ])("--with the other's definition shows %s", async (name, ours, theirs, code, text) => {
    const one = edge(`one ${name}`.replaceAll(" ", "-").slice(0, 20), "contoso.example", {
      domain: "fabrikam.example",
      ...ours,
    });
    const other = edge("fabrikam", "fabrikam.example", ...theirs);
    const run = await runCli(["explain", one, "fabrikam.example", "--with", other]);
    expect([run.code, run.stderr]).toEqual([code, ""]);
    expect(run.stdout).toContain(text);
    const json = JSON.parse((await runCli(["explain", one, "fabrikam.example", "--with", other, "--json"])).stdout);
    expect(json.links).toHaveLength(1);
    expect(json.links[0].outbound === null).toBe(code === 1);
  });

  it("--with a definition that does not serve the domain says so", async () => {
    const one = edge("one", "contoso.example", {
      domain: "fabrikam.example",
      additionalDomains: ["it.fabrikam.example"],
    });
    const other = edge("other", "fabrikam.example", { domain: "contoso.example" });
    const { code, stdout } = await runCli(["explain", one, "it.fabrikam.example", "--with", other]);
    expect(code).toBe(1);
    expect(stdout).toContain("other does not serve it.fabrikam.example");
  });
});
