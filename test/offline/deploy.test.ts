import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, jest, test } from "@jest/globals";

// Alone on two cores about a minute and a half; the first run fetches the cdktf command as well.
jest.setTimeout(600_000);

test("npm run deploy:offline deploys, runs, changes and destroys an edge, and says so in its last line", () => {
  const root = join(__dirname, "..", "..");
  const options = { cwd: root, encoding: "utf8", timeout: 590_000, maxBuffer: 64 * 1024 * 1024 } as const;
  const { status, stdout, stderr } = spawnSync("/bin/sh", ["scripts/deploy-offline.sh"], {
    ...options,
    env: { ...process.env, CI: "1" },
  });
  const said = stdout.trimEnd().split("\n");
  expect(`${stdout}${stderr}`).toMatch(/live \d+\.\d s after the object changed/);
  expect(said.at(-1)).toMatch(/^deploy:offline: passed \(\d+\.\d s\)$/);
  expect(status).toBe(0);
});
