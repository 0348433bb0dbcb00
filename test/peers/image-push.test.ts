import { execFile } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { deleteImage, imageIsThere, pushImage } from "../../src/gateway/image/registry";
import { makeLayout, type TinyLayout } from "../gateway/image/registry/layout";
import { program } from "./rig/gateway";
import { freePort } from "./rig/ports";
import { type Registry, startRegistry } from "./rig/registry";
import { PeerRig } from "./rig/rig";
import { makeWorkFolder } from "./rig/work-folder";

let rig: PeerRig;
let work: string;
let registry: Registry;
let layout: TinyLayout;

beforeAll(async () => {
  rig = await PeerRig.open();
  work = await makeWorkFolder();
  rig.own(work, () => rm(work, { recursive: true, force: true }));
  registry = await start();
  layout = await makeLayout(join(work, "one"));
});
afterAll(() => rig?.close());

async function start(options: Omit<Parameters<typeof startRegistry>[0], "port"> = {}): Promise<Registry> {
  rig.witness("docker-registry");
  const address = options.address ?? rig.network.address();
  const started = await startRegistry({ ...options, address, port: await freePort(address, 5000) });
  return rig.own(started, () => started.stop());
}

/** What a client without any knowledge of ours finds. */
const look = async (path: string, accept = "application/vnd.oci.image.index.v1+json") =>
  fetch(`${registry.url}/v2/${path}`, { headers: { accept } });

describe("an image pushed to docker-registry", () => {
  test("is there by digest and tag, whole, with its SBOM listed under the tag of its digest", async () => {
    const repository = `${registry.host}/edge/gateway`;
    const { directory, digest, bytes, blobs } = layout;
    await expect(imageIsThere({ repository, digest })).resolves.toBe("absent");
    await expect(pushImage({ layout: directory, repository, digest })).resolves.toEqual({
      reference: `${repository}@${digest}`,
      pushedBytes: bytes,
      pushedBlobs: blobs,
      mountedOrPresentBlobs: 0,
      refusedAttachments: [],
    });
    await expect(imageIsThere({ repository, digest })).resolves.toBe("present");
    await pushImage({ layout: directory, repository, digest, tag: "v1" });
    const byTag = await look("edge/gateway/manifests/v1");
    expect(byTag.headers.get("docker-content-digest")).toBe(digest);
    for (const { digest, mediaType } of layout.manifests)
      expect((await look(`edge/gateway/manifests/${digest}`, mediaType)).status).toBe(200);
    for (const { digest, size } of layout.layers)
      expect((await (await look(`edge/gateway/blobs/${digest}`)).arrayBuffer()).byteLength).toBe(size);
    const attached = (await (await look(`edge/gateway/manifests/${digest.replace(":", "-")}`)).json()) as {
      manifests: unknown[];
    };
    expect(attached.manifests).toEqual([{ ...layout.sbom, artifactType: "application/spdx+json" }]);
  });

  test("is not sent again: not one byte; another tag alone is", async () => {
    const repository = `${registry.host}/edge/gateway`;
    const { directory, digest, blobs } = layout;
    const again = { reference: `${repository}@${digest}`, pushedBlobs: 0, mountedOrPresentBlobs: blobs };
    const push = (tag: string) => pushImage({ layout: directory, repository, digest, tag });
    await expect(push("v1")).resolves.toMatchObject({ ...again, pushedBytes: 0 });
    await expect(push("v2")).resolves.toMatchObject(again);
    await expect(push("v2")).resolves.toMatchObject({ ...again, pushedBytes: 0 });
  });

  test("shares what another has in common, and moves the tag", async () => {
    const repository = `${registry.host}/edge/gateway`;
    const other = await makeLayout(join(work, "two"), "two");
    const pushed = await pushImage({ layout: other.directory, repository, digest: other.digest, tag: "v1" });
    expect(pushed.mountedOrPresentBlobs).toBe(2); // the base, and the SBOM's empty configuration
    expect(pushed.pushedBytes).toBeLessThan(10_000);
    const byTag = await look("edge/gateway/manifests/v1");
    expect(byTag.headers.get("docker-content-digest")).toBe(other.digest);
    await expect(imageIsThere({ repository, digest: layout.digest })).resolves.toBe("present");
  });

  test("can be pushed twice at once", async () => {
    const repository = `${registry.host}/edge/twice`;
    const { directory, digest } = layout;
    await Promise.all([1, 2].map(() => pushImage({ layout: directory, repository, digest, tag: "v1" })));
    const byTag = await look("edge/twice/manifests/v1");
    expect(byTag.headers.get("docker-content-digest")).toBe(digest);
  });

  test("can be deleted, and pushed again", async () => {
    const repository = `${registry.host}/edge/gateway`;
    const { directory, digest } = layout;
    await expect(deleteImage({ repository, digest })).resolves.toBe("deleted");
    await expect(imageIsThere({ repository, digest })).resolves.toBe("absent");
    await expect(deleteImage({ repository, digest })).resolves.toBe("absent");
    await pushImage({ layout: directory, repository, digest });
    await expect(imageIsThere({ repository, digest })).resolves.toBe("present");
  });
});

describe("a registry over TLS that asks for a user", () => {
  const password = "correct horse";
  // htpasswd -B of that password, made once: bcrypt is in no library of ours
  const bcrypt = "$2b$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2";
  let closed: Registry;
  let authorities: string;

  beforeAll(async () => {
    program(); // the build that is run
    closed = await start({
      certificates: await rig.authority.issue({ names: ["localhost"] }),
      user: { name: "deploy", bcrypt },
      address: "127.0.0.1",
    });
    authorities = join(work, "authority.pem");
    await writeFile(authorities, rig.authority.caPem);
  });

  /** As users push: a process of its own, in an environment of its own. */
  const push = (environment: Record<string, string>) =>
    promisify(execFile)(
      process.execPath,
      [program(), "image", "push", layout.directory, `${closed.host.replace("127.0.0.1", "localhost")}/edge`, "--json"],
      { encoding: "utf8", env: { HOME: work, ...environment } },
    );
  const user = { XMPP_EDGE_REGISTRY_USERNAME: "deploy", XMPP_EDGE_REGISTRY_PASSWORD: password };

  test("takes the image from whom it knows", async () => {
    const { stdout } = await push({ ...user, NODE_EXTRA_CA_CERTS: authorities });
    expect(JSON.parse(stdout)).toMatchObject({ pushedBlobs: layout.blobs, refusedAttachments: [] });
  });

  test.each([
    ["of a CA that nobody knows", {}, user, "NODE_EXTRA_CA_CERTS"],
    ["without a user", { ca: true }, {}, "asks for a user"],
    ["with a wrong password", { ca: true }, { ...user, XMPP_EDGE_REGISTRY_PASSWORD: "wrong" }, "does not take"],
  ])("%s: exit code 1, and what to do", async (_, { ca }: { ca?: boolean }, environment, words) => {
    const failed = push({ ...environment, ...(ca && { NODE_EXTRA_CA_CERTS: authorities }) });
    await expect(failed).rejects.toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining(words) });
    await expect(failed).rejects.not.toMatchObject({ stderr: expect.stringContaining(password) });
  });
});
