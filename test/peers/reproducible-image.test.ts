import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { type BuiltImage, inspectImage } from "../../src/gateway/image";
import { readElf } from "../../src/gateway/image/layers/elf";

// The real parts, as the committed lock names them, built by three lines of Node in differing surroundings.
const ROOT = join(__dirname, "..", "..");
const MAIN = join(ROOT, "dist", "cli", "main.js");
/** Packages are fetched once and kept; the base layers are made anew by each builder. */
const PACKAGES = join(ROOT, ".cache", "image");
const folder = mkdtempSync(join(tmpdir(), "xmpp-edge-image-"));
const definition = join(folder, "edge.json");
const NOBODY = 65534;

interface Builder {
  readonly name: string;
  readonly node: () => string;
  readonly environment: Readonly<Record<string, string>>;
  readonly umask: string;
  readonly workingDirectory: string;
  readonly asNobody?: true;
}
const line = (version: string) => () =>
  execFileSync("sh", [join(ROOT, "scripts", "node-line.sh"), version], { encoding: "utf8" }).trim();
const builders: readonly Builder[] = [
  {
    name: "node-22",
    node: () => process.execPath,
    environment: { TZ: "UTC", LC_ALL: "C" },
    umask: "022",
    workingDirectory: "/",
  },
  {
    name: "node-24 with a name",
    node: line("24.21.0"),
    environment: { TZ: "Pacific/Kiritimati", LC_ALL: "tr_TR.UTF-8", LANG: "tr_TR.UTF-8" },
    umask: "077",
    workingDirectory: folder,
  },
  {
    name: "node-26",
    node: line("26.10.0"),
    environment: { TZ: "America/St_Johns", LC_ALL: "de_DE.UTF-8", SOURCE_DATE_EPOCH: "1700000000" },
    umask: "000",
    workingDirectory: tmpdir(),
    asNobody: true,
  },
];
const layoutOf = ({ name }: Builder) => join(folder, name, "image");
const built = new Map<string, BuiltImage>();

function build(builder: Builder): BuiltImage {
  const place = join(folder, builder.name);
  mkdirSync(place);
  cpSync(join(PACKAGES, "packages"), join(place, "cache", "packages"), { recursive: true });
  if (builder.asNobody && process.getuid?.() === 0)
    for (const path of [
      place,
      ...readdirSync(place, { recursive: true, encoding: "utf8" }).map((one) => join(place, one)),
    ])
      chownSync(path, NOBODY, NOBODY);
  const argv = [
    "image",
    "build",
    definition,
    "--output",
    layoutOf(builder),
    "--cache",
    join(place, "cache"),
    "--lock",
    join(ROOT, "image.lock.json"),
    "--json",
  ];
  const user =
    builder.asNobody && process.getuid?.() === 0
      ? ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"]
      : [];
  const run = spawnSync(
    "sh",
    ["-c", `umask ${builder.umask}; exec "$@"`, "sh", ...user, builder.node(), MAIN, ...argv],
    {
      cwd: builder.workingDirectory,
      env: { PATH: process.env.PATH, HOME: place, ...builder.environment },
      encoding: "utf8",
    },
  );
  expect({ code: run.status, stderr: run.status === 0 ? "" : run.stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(run.stdout) as BuiltImage;
}

beforeAll(() => {
  chmodSync(folder, 0o755);
  writeFileSync(
    definition,
    JSON.stringify({
      name: "contoso",
      accessEdge: { fqdn: "xmpp.contoso.example" },
      domains: [{ name: "contoso.example" }],
      partners: [{ domain: "fabrikam.example", partnerType: "Federated" }],
    }),
  );
  const fetched = spawnSync(
    process.execPath,
    [MAIN, "image", "build", "--output", join(folder, "fetched"), "--cache", PACKAGES],
    { encoding: "utf8", cwd: ROOT },
  );
  expect({ code: fetched.status, stderr: fetched.status === 0 ? "" : fetched.stderr }).toEqual({ code: 0, stderr: "" });
  for (const builder of builders) built.set(builder.name, build(builder));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the gateway's image", () => {
  it("has the same digests with Node 22, 24 and 26, other time zones, umasks, locales, paths and users", () => {
    const [first, ...others] = [...built.values()].map((one) => ({ ...one, layout: "" }));
    for (const other of others) expect(other).toEqual(first);
  });

  it("has the same program whichever Node bundles it", () => {
    const bundles = builders.slice(1).map((builder) => {
      const directory = join(folder, builder.name, "program");
      execFileSync(builder.node(), [join(ROOT, "scripts", "build-program.cjs"), directory], {
        env: { ...process.env, ...builder.environment },
        cwd: builder.workingDirectory,
      });
      return directory;
    });
    const shipped = join(ROOT, "dist", "image", "program");
    const files = readdirSync(shipped, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
    for (const bundle of bundles) {
      expect(readdirSync(bundle, { recursive: true }).sort()).toEqual(readdirSync(shipped, { recursive: true }).sort());
      for (const { parentPath, name } of files) {
        const path = join(parentPath, name);
        expect([path, readFileSync(path).equals(readFileSync(path.replace(shipped, bundle)))]).toEqual([path, true]);
      }
    }
  });

  it("is under 60 MB compressed, non-root, without a key, a shell or a package manager", async () => {
    const { platforms } = await inspectImage(layoutOf(builders[0]!));
    expect(platforms.map(({ platform, user, unwanted }) => ({ platform, user, unwanted }))).toEqual([
      { platform: "linux/amd64", user: "10001:10001", unwanted: [] },
      { platform: "linux/arm64", user: "10001:10001", unwanted: [] },
    ]);
    for (const { layers } of platforms) expect(layers.reduce((sum, { size }) => sum + size, 0)).toBeLessThan(60e6);
  });

  it("has a Node of its own machine for either platform, and every library that it needs", () => {
    for (const [at, machine] of [62, 183].entries()) {
      const { layers } = built.get(builders[0]!.name)!.platforms[at]!;
      const blob = join(layoutOf(builders[0]!), "blobs", layers[0]!.digest.replace(":", "/"));
      const unpacked = join(folder, `machine-${machine}`);
      mkdirSync(unpacked);
      execFileSync("tar", ["--extract", "--gzip", "--no-same-owner", "--file", blob, "--directory", unpacked]);
      const node = readElf(readFileSync(join(unpacked, "usr/local/bin/node")))!;
      expect(node.machine).toBe(machine);
      const triplet = machine === 62 ? "x86_64-linux-gnu" : "aarch64-linux-gnu";
      expect(node.needed).toContain("libatomic.so.1");
      for (const name of node.needed)
        expect(readElf(readFileSync(join(unpacked, "usr/lib", triplet, name)))!.machine).toBe(machine);
      expect(readElf(readFileSync(join(unpacked, node.interpreter!)))!.machine).toBe(machine);
      const authorities = readFileSync(join(unpacked, "etc/ssl/certs/ca-certificates.crt"), "utf8");
      expect(authorities.match(/BEGIN CERTIFICATE/g)!.length).toBeGreaterThan(100);
    }
  });

  it("starts: its own Node with its own libraries runs the program in an empty root", () => {
    if (process.arch !== "x64" || process.getuid?.() !== 0) return; // chroot is root's
    const root = join(folder, "root");
    mkdirSync(root);
    for (const { digest } of built.get(builders[0]!.name)!.platforms[0]!.layers)
      execFileSync("tar", [
        "--extract",
        "--gzip",
        "--file",
        join(layoutOf(builders[0]!), "blobs", digest.replace(":", "/")),
        "--directory",
        root,
      ]);
    const inside = (...argv: string[]) =>
      spawnSync("chroot", [`--userspec=10001:10001`, root, "/usr/local/bin/node", ...argv], {
        encoding: "utf8",
        env: { PATH: process.env.PATH },
      });
    expect(inside("--version").stdout).toMatch(/^v26\./);
    const version = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).version;
    expect(inside("/opt/xmpp-edge/main.js", "--version").stdout.trim()).toBe(version);
    // It wants a certificate: with the document, that is the first thing it lacks.
    const run = inside("/opt/xmpp-edge/main.js", "run", "/etc/xmpp-edge/document.json");
    expect({ code: run.status, stderr: run.stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining("--certificate"),
    });
    const refused = inside("/opt/xmpp-edge/main.js", "image", "build", "--output", "/tmp/x");
    expect({ code: refused.status, stderr: refused.stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining("not in the gateway image"),
    });
  });
});
