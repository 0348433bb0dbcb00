import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";

const root = join(__dirname, "..", "..");
const run = promisify(execFile);
const COMMAND = join(root, "bin", "xmpp-edge");

/** What the command says out of the one file that bin/xmpp-edge takes for `dns`, and out of the modules it is made of. */
async function bothWays(args: readonly string[]): Promise<[string, string]> {
  const [bundle, modules] = await Promise.all([
    run(COMMAND, args),
    run(process.execPath, [join(root, "dist", "cli", "main.js"), ...args]),
  ]);
  return [bundle.stdout, modules.stdout];
}

test.each(["ts", "json", "yaml"])("a definition in .%s is the same to the dns commands' bundle", async (format) => {
  const [bundle, modules] = await bothWays(["dns", "zone", join(root, "examples", "contoso", `edge.config.${format}`)]);
  expect(bundle).toContain("_xmpp-server._tcp.contoso.example. 300 IN SRV 0 0 5269 sip.contoso.example.");
  expect(bundle).toBe(modules);
});

test.each([[["dns", "explain", "srv-port"]], [["dns", "schema"]], [["dns", "verify", "--help"]]])(
  "%j says the same out of the bundle",
  async (args) => {
    const [bundle, modules] = await bothWays(args);
    expect(bundle).not.toBe("");
    expect(bundle).toBe(modules);
  },
);
