import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { PROVIDER_ADDRESS, PROVIDER_VERSION } from "../../../src/provider/address";
import { EXECUTABLE } from "../../../src/provider/built-provider";
import { installProvider } from "../../../src/provider/install";
import { selfSigned } from "../../../src/provider/protocol/certificate";
import { ownPlatform, singleExecutable } from "../../../src/provider/single-executable";
import { OwnTerraform } from "./own-terraform";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "provider-install-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const plugins = () => join(folder, "terraform.d", "plugins", ...PROVIDER_ADDRESS.split("/"));

/** What Terraform gives a plugin that it starts. */
const cookie = {
  TF_PLUGIN_MAGIC_COOKIE: "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
  PLUGIN_CLIENT_CERT: selfSigned(new Date()).pem.toString(),
};

/** The first line of a plugin, which is then ended; `nodeless` leaves no Node on PATH. */
async function handshake(file: string, nodeless: boolean) {
  const PATH = nodeless ? "/nonexistent" : `${dirname(process.execPath)}:${process.env.PATH}`;
  const child = spawn(file, { env: { ...cookie, PATH }, stdio: ["ignore", "pipe", "pipe"] });
  const exited = once(child, "exit");
  const [line] = (await Promise.race([once(child.stdout, "data"), exited.then(() => [""])])) as [Buffer | string];
  const socket = line.toString().split("|")[3] ?? "";
  const mode = socket === "" ? 0 : statSync(dirname(socket)).mode & 0o777;
  child.kill("SIGINT"); // it stays
  const stays = await Promise.race([
    exited.then(() => false),
    new Promise((resolve) => setTimeout(resolve, 100, true)),
  ]);
  child.kill("SIGTERM");
  await exited;
  return { line: line.toString(), mode, stays, tidy: !existsSync(dirname(socket)) };
}

const SERVES = {
  line: expect.stringMatching(/^1\|6\|unix\|\/.*\|grpc\|[A-Za-z0-9+/]+\n$/),
  mode: 0o700,
  stays: true,
  tidy: true,
};

describe("the provider is laid into a stack", () => {
  test("for every platform, in place of older versions, in a project of modules", async () => {
    mkdirSync(join(plugins(), "0.0.1"), { recursive: true });
    writeFileSync(join(folder, "package.json"), '{"type":"module"}');
    const { folders } = installProvider(folder);
    installProvider(folder); // again, over it
    expect(readdirSync(plugins())).toEqual([PROVIDER_VERSION]);
    expect(readdirSync(join(plugins(), PROVIDER_VERSION)).sort()).toEqual([
      "darwin_amd64",
      "darwin_arm64",
      "linux_amd64",
      "linux_arm64",
    ]);
    expect(folders.map((place) => readdirSync(place).sort())).toEqual(Array(4).fill(["package.json", EXECUTABLE]));
    expect(await handshake(join(plugins(), PROVIDER_VERSION, ownPlatform(), EXECUTABLE), false)).toEqual(SERVES);
  });

  test("and says what it is to a person who starts it", () => {
    const { folders } = installProvider(folder);
    const { status, stdout, stderr } = spawnSync(join(folders[0]!, EXECUTABLE), {
      encoding: "utf8",
      env: { PATH: `${dirname(process.execPath)}:${process.env.PATH}` },
    });
    expect({ status, stdout, stderr }).toEqual({
      status: 1,
      stdout: "",
      stderr: expect.stringContaining("This is a Terraform plugin"),
    });
  });

  test("which cannot be written: an error with a remedy", () => {
    writeFileSync(join(folder, "terraform.d"), "a file where a folder belongs");
    expect(() => installProvider(folder)).toThrow(
      expect.objectContaining({ remedy: expect.stringMatching(/another stack folder/) }),
    );
  });
});

describe("the single executable", () => {
  test("serves without Node on PATH, and works under Terraform", async () => {
    const file = join(folder, "single");
    await singleExecutable(file);
    expect(readFileSync(file).subarray(0, 4).toString("latin1")).toBe("\x7fELF");
    expect(await handshake(file, true)).toEqual(SERVES);

    const terraform = new OwnTerraform();
    try {
      installProvider(terraform.folder, { [ownPlatform()]: file });
      const digest = `sha256:${"0".repeat(64)}`;
      terraform.writeImage({ layout: "nowhere", repository: "127.0.0.1:9/edge", digest });
      await terraform.init();
      expect((await terraform.plan()).status).toBe(2);
      // What a call loads on demand is in it as well.
      expect((await terraform.apply()).output).toMatch(/layout-missing/);
    } finally {
      terraform.remove();
    }
  });

  test("cannot be made of a program that is no Node", async () => {
    await expect(singleExecutable(join(folder, "single"), "/bin/sh")).rejects.toMatchObject({
      code: "provider-not-single",
    });
  });
});
