import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { digestOf } from "../../../../src/gateway/image/digest";
import { deleteImage, imageIsThere, type PushOptions, pushImage } from "../../../../src/gateway/image/registry";
import { makeLayout, type TinyLayout } from "./layout";
import { TestRegistry } from "./test-registry";

let folder: string;
let layout: TinyLayout;
let registry: TestRegistry;
let repository: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "xmpp-edge-push-"));
  layout = await makeLayout(join(folder, "layout"), "one", 2_000_000);
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(async () => {
  registry = await new TestRegistry().start();
  repository = `${registry.host}/edge/gateway`;
});
afterEach(() => registry.stop());

const limits = { answer: 10_000, stall: 10_000, firstWait: 5, longestWait: 50, attempts: 3 };
const push = (more: Partial<PushOptions> = {}) =>
  pushImage({
    layout: layout.directory,
    digest: layout.digest,
    repository,
    tag: "v1",
    limits,
    environment: { HOME: folder },
    ...more,
  });
const isBlobPut = ({ method, path }: { method: string; path: string }) => method === "PUT" && path.includes("uploads");

describe("a registry that misbehaves", () => {
  afterEach(async () => {
    // Whatever it did: nothing is half-tagged, and the next run completes.
    expect(registry.tags.get("v1")).toBeUndefined();
    registry.misbehave = () => false;
    registry.goodToken = undefined;
    await push();
    expect(registry.tags.get("v1")).toBe(layout.digest);
    await expect(push()).resolves.toMatchObject({ pushedBytes: 0, pushedBlobs: 0 });
  });

  test.each([
    ["forbids it", 403, "DENIED", "registry-denied", 1],
    ["has no such repository", 404, "NAME_UNKNOWN", "registry-refused", 1],
    ["is too full", 413, "TOO_LARGE", "registry-refused", 1],
    ["fails each time", 500, "UNKNOWN", "registry-busy", limits.attempts],
    ["asks us to wait, each time", 429, "TOOMANYREQUESTS", "registry-busy", limits.attempts],
  ])("%s: says so in its words", async (_, status, words, code, attempts) => {
    registry.misbehave = (_request, response, seen) => {
      if (seen.method !== "POST") return false;
      response.writeHead(status).end(JSON.stringify({ errors: [{ code: words, message: "so it\u0007 is\n" }] }));
      return true;
    };
    await expect(push()).rejects.toMatchObject({
      code,
      status,
      message: expect.stringMatching(new RegExp(`status ${status}, ${words}: so it is; expected`)),
      remedy: expect.stringMatching(/./),
    });
    const { path } = registry.requests("POST", /./)[0]!;
    expect(path).toBe("/v2/edge/gateway/blobs/uploads/");
    // Three layers are on their way at once.
    expect(registry.requests("POST", /./).length).toBeLessThanOrEqual(3 * attempts);
    expect(registry.requests("PUT", /./)).toEqual([]);
  });

  test("dies half-way in a layer, each time: no connection that holds", async () => {
    registry.misbehave = (request, _response, seen) => {
      if (!isBlobPut(seen)) return false;
      request.once("data", () => request.socket.destroy());
      return true;
    };
    await expect(push()).rejects.toMatchObject({ code: "registry-unreachable" });
  });

  test("dies after the layers, before the manifests", async () => {
    registry.misbehave = (request, _response, { method, path }) => {
      if (method === "PUT" && path.includes("manifests")) request.socket.destroy();
      return method === "PUT" && path.includes("manifests");
    };
    await expect(push()).rejects.toMatchObject({ code: "registry-unreachable" });
    const before = registry.blobs.size;
    expect(before).toBeGreaterThan(0);
    registry.misbehave = () => false;
    // Nothing that arrived is sent again.
    const { tag: _, ...rest } = { tag: "v1", pushedBlobs: layout.blobs - before };
    await expect(
      pushImage({ layout: layout.directory, digest: layout.digest, repository, limits }),
    ).resolves.toMatchObject(rest);
  });

  test("is not there", async () => {
    const gone = await new TestRegistry().start();
    const { host } = gone;
    gone.stop();
    await expect(push({ repository: `${host}/edge/gateway` })).rejects.toMatchObject({
      code: "registry-unreachable",
      message: expect.stringContaining("ECONNREFUSED"),
    });
  });

  test.each([
    ["of a layer that it has", "HEAD", /blobs\/sha256/, 200],
    ["of a layer that it took", "PUT", /uploads/, 201],
    ["of a manifest that it has", "HEAD", /manifests\/sha256/, 200],
    ["of a manifest that it took", "PUT", /manifests\/sha256/, 201],
    ["of the image that it tags", "PUT", /manifests\/v1/, 201],
  ])("lies about the digest %s", async (_, method, path, status) => {
    registry.misbehave = (request, response, seen) => {
      if (seen.method !== method || !path.test(seen.path)) return false;
      request
        .resume()
        .on("end", () => response.writeHead(status, { "docker-content-digest": `sha256:${"0".repeat(64)}` }).end());
      return true;
    };
    await expect(push()).rejects.toMatchObject({ code: "registry-digest" });
  });

  test.each([
    [
      "answers without end",
      "registry-misbehaves",
      (response: import("node:http").ServerResponse) => {
        const more = () => {
          while (response.write("x".repeat(16_384)));
        };
        response.writeHead(202, { location: "/v2/x" }).on("drain", more);
        more();
      },
    ],
    [
      "sends headers without end",
      "registry-misbehaves",
      (response: import("node:http").ServerResponse) => {
        response.writeHead(202, { location: `/${"x".repeat(20_000)}` }).end();
      },
    ],
    [
      "speaks no HTTP",
      "registry-misbehaves",
      (response: import("node:http").ServerResponse) => {
        response.socket?.end("220 mail.example ESMTP\r\n");
      },
    ],
    ["never answers", "registry-timeout", () => undefined],
    [
      "answers one byte at a time",
      "registry-timeout",
      (response: import("node:http").ServerResponse) => {
        response.writeHead(202, { location: "/v2/x" });
        const timer = setInterval(() => response.write("x"), 20);
        response.on("close", () => clearInterval(timer));
      },
    ],
    [
      "names no place for the upload",
      "registry-misbehaves",
      (response: import("node:http").ServerResponse) => {
        response.writeHead(202).end();
      },
    ],
    [
      "names a place without TLS elsewhere",
      "registry-insecure",
      (response: import("node:http").ServerResponse) => {
        response.writeHead(202, { location: "http://192.0.2.1/latest/meta-data" }).end();
      },
    ],
    [
      "names a file",
      "registry-insecure",
      (response: import("node:http").ServerResponse) => {
        response.writeHead(202, { location: "file:///etc/passwd" }).end();
      },
    ],
    [
      "redirects in a circle",
      "registry-misbehaves",
      (response: import("node:http").ServerResponse) => {
        response.writeHead(307, { location: "/v2/edge/gateway/blobs/uploads/" }).end();
      },
    ],
  ])("%s: %s", async (_, code, answer) => {
    registry.misbehave = (_request, response, { method }) => {
      if (method === "POST") answer(response);
      return method === "POST";
    };
    await expect(push({ limits: { ...limits, answer: 200 } })).rejects.toMatchObject({ code });
  });

  test("is left at the caller's wish, in the middle of a layer", async () => {
    const caller = new AbortController();
    registry.misbehave = (request, _response, seen) => {
      if (!isBlobPut(seen)) return false;
      request.once("data", () => caller.abort());
      return true;
    };
    await expect(push({ signal: caller.signal })).rejects.toMatchObject({ name: "AbortError" });
  });

  test("takes longer than all of a push may", async () => {
    registry.misbehave = (_request, _response, { method }) => method === "POST";
    await expect(push({ limits: { ...limits, whole: 150 } })).rejects.toMatchObject({ code: "registry-timeout" });
  });
});

describe("a registry in passing trouble", () => {
  test("is tried again, also in the middle of a layer; the wait it asks for is kept", async () => {
    const troubles = [503, 429, "death"];
    registry.misbehave = (request, response, seen) => {
      if (seen.method !== "POST" && !isBlobPut(seen)) return false;
      const trouble = troubles.shift();
      if (trouble === undefined) return false;
      if (trouble === "death") request.socket.destroy();
      else response.writeHead(trouble as number, { "retry-after": "1" }).end();
      return true;
    };
    await push({ limits: { ...limits, attempts: 5, longestWait: 1_500 } });
    expect(registry.tags.get("v1")).toBe(layout.digest);
    expect(troubles).toEqual([]);
  });

  test("is not waited for longer than we like", async () => {
    registry.misbehave = (_request, response) => {
      response.writeHead(503, { "retry-after": "86400" }).end();
      return true;
    };
    await expect(push()).rejects.toMatchObject({ code: "registry-busy" }); // and not tomorrow
  });
});

describe("attachments", () => {
  test("are pushed beside the image; a registry that lists them itself gets no tag for it", async () => {
    await expect(push()).resolves.toMatchObject({ refusedAttachments: [], pushedBlobs: layout.blobs });
    expect(registry.manifests.has(layout.sbom.digest)).toBe(true);
    expect([...registry.tags.keys()]).toEqual(["v1"]);
  });

  test("are listed under a tag of the digest elsewhere, once, beside those of others", async () => {
    registry.referrers = false;
    const other = { mediaType: "application/vnd.oci.image.manifest.v1+json", digest: digestOf("other"), size: 5 };
    await push();
    const list = layout.digest.replace(":", "-");
    const theirs = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [other] }));
    registry.manifests.set(other.digest, Buffer.from("other"));
    registry.manifests.set("sha256:theirs", theirs);
    registry.tags.set(list, "sha256:theirs");
    await push();
    await push();
    const tag = layout.digest.replace(":", "-");
    const read = () => JSON.parse(registry.manifests.get(registry.tags.get(tag) ?? "")?.toString() ?? "null");
    expect(read().manifests).toEqual([other, { ...layout.sbom, artifactType: "application/spdx+json" }]);
  });

  test("are pushed all the same where something else has the tag of their list; it is said, and stays", async () => {
    registry.referrers = false;
    const tag = layout.digest.replace(":", "-");
    registry.tags.set(tag, "sha256:other");
    registry.manifests.set("sha256:other", Buffer.from("[]"));
    const { refusedAttachments } = await push();
    expect(refusedAttachments).toEqual([expect.stringContaining(tag)]);
    expect([registry.tags.get(tag), registry.tags.get("v1")]).toEqual(["sha256:other", layout.digest]);
  });

  test("that a registry refuses leave the image as it is", async () => {
    registry.misbehave = (request, response, { method, path }) => {
      const isSbom = method === "PUT" && path.endsWith(layout.sbom.digest);
      if (isSbom)
        request.resume().on("end", () => response.writeHead(400).end('{"errors":[{"code":"MANIFEST_INVALID"}]}'));
      return isSbom;
    };
    const { refusedAttachments } = await push();
    expect(refusedAttachments).toEqual([expect.stringContaining("MANIFEST_INVALID")]);
    expect(registry.tags.get("v1")).toBe(layout.digest);
  });
});

describe("a layout", () => {
  const broken = async (damage: (directory: string, made: TinyLayout) => Promise<unknown>) => {
    const directory = await mkdtemp(join(folder, "broken-"));
    const made = await makeLayout(directory);
    await damage(directory, made);
    return push({ layout: directory, digest: made.digest });
  };
  const blob = (directory: string, digest: string) => join(directory, "blobs", digest.replace(":", "/"));

  test.each<[string, string, (directory: string, made: TinyLayout) => Promise<unknown>]>([
    ["that is not there", "layout-missing", (directory) => rm(directory, { recursive: true })],
    ["without an index", "layout-missing", (directory) => rm(join(directory, "index.json"))],
    [
      "of another version",
      "layout-invalid",
      (directory) => writeFile(join(directory, "oci-layout"), '{"imageLayoutVersion":"2.0.0"}'),
    ],
    ["whose index is no JSON", "layout-invalid", (directory) => writeFile(join(directory, "index.json"), "{")],
    [
      "whose index lists nothing",
      "layout-missing",
      (directory) =>
        writeFile(join(directory, "index.json"), '{"manifests":[]}').then(() =>
          rm(join(directory, "blobs"), { recursive: true }),
        ),
    ],
    ["that lacks a layer", "layout-invalid", (directory, { layers }) => rm(blob(directory, layers[0]!.digest))],
    [
      "with a layer cut short",
      "layout-invalid",
      (directory, { layers }) => truncate(blob(directory, layers[0]!.digest), 10),
    ],
    [
      "with a manifest that was changed",
      "layout-invalid",
      (directory, { manifests }) => writeFile(blob(directory, manifests[0]!.digest), " ".repeat(manifests[0]!.size)),
    ],
    [
      "that leads out of itself",
      "layout-invalid",
      (directory) =>
        writeFile(
          join(directory, "index.json"),
          JSON.stringify({
            manifests: [
              { mediaType: "application/vnd.oci.image.index.v1+json", digest: "sha256:../../../etc/passwd", size: 1 },
            ],
          }),
        ),
    ],
  ])("%s is refused before anything is sent", async (_, code, damage) => {
    await expect(broken(damage)).rejects.toMatchObject({ code });
    expect(registry.seen).toEqual([]);
  });

  test("with a layer of other contents is not blamed on the registry", async () => {
    const pushed = broken((directory, { layers }) =>
      writeFile(blob(directory, layers[0]!.digest), Buffer.alloc(layers[0]!.size)),
    );
    await expect(pushed).rejects.toMatchObject({
      code: "layout-invalid",
      message: expect.stringContaining("contents"),
    });
    expect(registry.tags.size).toBe(0);
  });

  test("may be asked for one platform's image", async () => {
    const { digest } = layout.manifests[0]!;
    await push({ digest });
    expect(registry.tags.get("v1")).toBe(digest);
  });
});

describe("an image", () => {
  test("is found and deleted by its digest", async () => {
    const image = { repository, digest: layout.digest, limits, environment: { HOME: folder } };
    await expect(imageIsThere(image)).resolves.toBe("absent");
    await push();
    await expect(imageIsThere(image)).resolves.toBe("present");
    await expect(deleteImage(image)).resolves.toBe("deleted");
    await expect(imageIsThere(image)).resolves.toBe("absent");
    await expect(deleteImage(image)).resolves.toBe("absent");
  });

  test("cannot be deleted where the registry lets nobody", async () => {
    registry.misbehave = (_request, response, { method }) => {
      if (method === "DELETE") response.writeHead(405).end();
      return method === "DELETE";
    };
    await expect(deleteImage({ repository, digest: layout.digest })).rejects.toMatchObject({ code: "registry-denied" });
  });

  test.each([
    ["forbids to look", 403, "registry-denied"],
    ["fails", 500, "registry-busy"],
  ])("is not called absent by a registry that %s", async (_, status, code) => {
    registry.misbehave = (_request, response, { method }) => {
      if (method === "HEAD") response.writeHead(status).end();
      return method === "HEAD";
    };
    await expect(imageIsThere({ repository, digest: layout.digest, limits })).rejects.toMatchObject({ code });
  });
});
