import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type HostRecord, hookHost, manualHost } from "../../../src/dns/host";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "xmpp-edge-hook-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const record: HostRecord = { owner: "_acme-challenge.contoso.example", ttl: 60, type: "TXT", text: "value" };
const line = '_acme-challenge.contoso.example. 60 IN TXT "value"';

function hook(name: string, script: string): string {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return file;
}

test("a hook is told what to do, with a zone file line a record", async () => {
  const out = join(folder, "out");
  const host = hookHost({ command: [hook("good", `{ echo "$1"; cat; } >>${out}`)] });
  await host.publish([record, { ...record, text: "$(other) `value`" }]);
  await host.remove([record]);
  await host.remove([]);
  expect(readFileSync(out, "utf8")).toBe(
    `publish\n${line}\n${line.replace("value", "$(other) `value`")}\nremove\n${line}\n`,
  );
});

test.each<[string, string, RegExp, number?]>([
  ["fails", "echo no such zone >&2; exit 3", /exit code 3; it wrote: no such zone/],
  ["is killed", "kill -9 $$", /SIGKILL/],
  ["takes too long", "exec sleep 30", /longer than 300 ms/, 300],
])("a hook that %s is an error with its own words", async (name, script, message, timeout = 60_000) => {
  const host = hookHost({ command: [hook(name.replaceAll(" ", "-"), script)], timeout });
  await expect(host.publish([record])).rejects.toMatchObject({
    code: "dns-host-refused",
    message: expect.stringMatching(message),
  });
});

test("a hook that is not there is an error", async () => {
  await expect(hookHost({ command: [join(folder, "absent")] }).publish([record])).rejects.toThrow(/ENOENT/);
});

test("a person is shown what to add, and later what to remove", async () => {
  const shown: string[] = [];
  const host = manualHost((text) => void shown.push(text));
  await host.publish([record]);
  await host.remove([record]);
  expect(shown).toEqual([expect.stringMatching(/^Add.*\n {2}_acme/), expect.stringMatching(/removed:\n {2}_acme/)]);
  for (const text of shown) expect(text).toContain(line);
});
