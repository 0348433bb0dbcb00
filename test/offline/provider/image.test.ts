import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { freePort, LoopbackNetwork } from "../../peers/rig/ports";
import { type Registry, startRegistry } from "../../peers/rig/registry";
import { OwnTerraform } from "./own-terraform";
import { tinyLayout } from "./tiny-layout";

const ADDRESS = "xmppedge_image.gateway";

let network: LoopbackNetwork;
let registry: Registry;
beforeAll(async () => {
  network = await LoopbackNetwork.claim();
  const address = network.address();
  registry = await startRegistry({ address, port: await freePort(address, 5000) });
});
afterAll(async () => {
  await registry?.stop();
  await network?.release();
});

describe("xmppedge_image on a real registry", () => {
  let terraform: OwnTerraform;
  let repository: string;
  let count = 0;
  beforeEach(() => {
    terraform = new OwnTerraform();
    repository = `${registry.host}/edge/gateway-${count++}`;
  });
  afterEach(() => terraform.remove());

  const layout = (contents: string | number, name = "layout") => tinyLayout(join(terraform.folder, name), contents);
  const manifest = (reference: string, method = "HEAD") =>
    fetch(`${registry.url}/v2/${repository.slice(registry.host.length + 1)}/manifests/${reference}`, {
      method,
      headers: { accept: "application/vnd.oci.image.manifest.v1+json" },
    });

  test("is validated, planned, pushed, planned clean, and destroyed without being deleted", async () => {
    const image = layout("one");
    const { layout: place, digest } = image;
    terraform.writeImage({ layout: place, repository, digest, tag: "v1" });
    await terraform.init();
    await terraform.good("validate", "-no-color");
    const { changes } = await terraform.plan();
    expect(changes).toMatchObject([
      {
        address: ADDRESS,
        change: { actions: ["create"], after: { id: repository, reference: `${repository}@${digest}` } },
      },
    ]);
    expect(await terraform.apply()).toMatchObject({ status: 0 });
    expect((await manifest("v1")).headers.get("docker-content-digest")).toBe(digest);
    expect((await terraform.plan()).status).toBe(0);
    expect((await terraform.state())[ADDRESS]).toMatchObject({ reference: `${repository}@${digest}`, tag: "v1" });
    await terraform.good("destroy", "-no-color", "-auto-approve");
    expect((await manifest(digest)).status).toBe(200);
  });

  test("another digest is pushed in place, and the plan shows both", async () => {
    const [one, two] = [layout("one", "a"), layout("two", "b")];
    terraform.writeImage({ layout: one.layout, repository, digest: one.digest });
    await terraform.init();
    await terraform.apply();
    terraform.writeImage({ layout: two.layout, repository, digest: two.digest });
    const { changes, output } = await terraform.plan();
    expect(changes).toMatchObject([
      {
        change: {
          actions: ["update"],
          before: { reference: `${repository}@${one.digest}` },
          after: { reference: `${repository}@${two.digest}` },
        },
      },
    ]);
    expect(output).toContain(`"${one.digest}" -> "${two.digest}"`);
    await terraform.apply();
    expect([(await manifest(one.digest)).status, (await manifest(two.digest)).status]).toEqual([200, 200]);
    expect((await terraform.plan()).status).toBe(0);
  });

  test("the same image at another place is no change, and a layout that is gone none either", async () => {
    const { layout: first, digest } = layout("one", "a");
    terraform.writeImage({ layout: first, repository, digest });
    await terraform.init();
    await terraform.apply();
    terraform.writeImage({ layout: join(terraform.folder, "not", "built", "here"), repository, digest });
    expect((await terraform.plan()).status).toBe(0);
  });

  test("another repository replaces it", async () => {
    const { layout: place, digest } = layout("one");
    terraform.writeImage({ layout: place, repository, digest });
    await terraform.init();
    await terraform.apply();
    terraform.writeImage({ layout: place, repository: `${repository}-b`, digest });
    expect((await terraform.plan()).changes).toMatchObject([{ change: { actions: ["delete", "create"] } }]);
  });

  test("drift: deleted in the registry, it is planned and pushed again", async () => {
    const { layout: place, digest } = layout("one");
    terraform.writeImage({ layout: place, repository, digest });
    await terraform.init();
    await terraform.apply();
    expect((await manifest(digest, "DELETE")).status).toBe(202);
    expect((await terraform.plan()).changes).toMatchObject([{ change: { actions: ["create"] } }]);
    await terraform.apply();
    expect((await manifest(digest)).status).toBe(200);
  });

  test("with delete_on_destroy it is deleted", async () => {
    const { layout: place, digest } = layout("one");
    terraform.writeImage({ layout: place, repository, digest, delete_on_destroy: true });
    await terraform.init();
    await terraform.apply();
    await terraform.good("destroy", "-no-color", "-auto-approve");
    expect((await manifest(digest)).status).toBe(404);
  });

  test("is imported by repository@digest; what then changes sends nothing", async () => {
    const { layout: place, digest } = layout("one");
    terraform.writeImage({ layout: place, repository, digest });
    await terraform.init();
    await terraform.apply();
    rmSync(join(terraform.folder, "terraform.tfstate"));
    await terraform.good("import", "-no-color", "-input=false", ADDRESS, `${repository}@${digest}`);
    expect((await terraform.state())[ADDRESS]).toMatchObject({
      repository,
      digest,
      reference: `${repository}@${digest}`,
    });
    expect((await terraform.plan()).changes).toMatchObject([{ change: { actions: ["update"] } }]);
    await terraform.apply();
    expect((await terraform.plan()).status).toBe(0);
  });

  test.each(["", "edge/gateway", "edge/gateway:latest", "registry.example/edge@sha256:short"])(
    "an import of %j is refused",
    async (id) => {
      terraform.writeImage({ layout: "layout", repository, digest: `sha256:${"0".repeat(64)}` });
      await terraform.init();
      const { status, output } = await terraform.run(["import", "-no-color", "-input=false", ADDRESS, id]);
      expect(status).toBe(1);
      expect(output).toMatch(/not the id of an image|import ID/i);
    },
  );

  test("a digest that is known after apply only is planned as such, and pushed", async () => {
    const { layout: place, digest } = layout("one");
    terraform.write({
      resource: {
        terraform_data: { built: { input: digest } },
        xmppedge_image: { gateway: { layout: place, repository, digest: `\${terraform_data.built.output}` } },
      },
      output: { reference: { value: `\${xmppedge_image.gateway.reference}` } },
    });
    await terraform.init();
    const { output } = await terraform.plan();
    expect(output).toMatch(/reference\s+= \(known after apply\)/);
    expect(await terraform.apply()).toMatchObject({ status: 0 });
    expect(await terraform.good("output", "-raw", "reference")).toBe(`${repository}@${digest}`);
    expect((await terraform.plan()).status).toBe(0);
  });

  test.each([
    ["digest", { digest: "sha256:ABC" }, /not sha256: and 64 hex digits/],
    ["repository", { repository: "Registry/Edge" }, /not host\[:port\]\/name/],
    ["tag", { tag: "no tag" }, /not at most 128 letters/],
  ])("validation names %s", async (attribute, wrong, message) => {
    terraform.writeImage({ layout: "layout", repository, digest: `sha256:${"0".repeat(64)}`, ...wrong });
    await terraform.init();
    const { status, output } = await terraform.run(["validate", "-json"]);
    expect(status).toBe(1);
    const { diagnostics } = JSON.parse(output) as { diagnostics: { summary: string; snippet?: { code: string } }[] };
    expect(diagnostics).toHaveLength(1);
    expect(diagnostics[0]?.summary).toMatch(message);
    expect(diagnostics[0]?.snippet?.code).toContain(`"${attribute}"`);
  });

  test("a layout without the image stops the plan; one that is missing stops the apply, and nothing is in the state", async () => {
    const { layout: place } = layout("one");
    const digest = `sha256:${"0".repeat(64)}`;
    terraform.writeImage({ layout: place, repository, digest });
    await terraform.init();
    const planned = await terraform.plan();
    expect(planned.output).toContain("the layout has no image of this digest");
    terraform.writeImage({ layout: join(terraform.folder, "nowhere"), repository, digest });
    expect((await terraform.plan()).status).toBe(2);
    const { status, output } = await terraform.apply();
    expect(status).toBe(1);
    expect(output).toMatch(/layout-missing/);
    expect(await terraform.state()).toEqual({});
  });

  test("a registry that is not there: an error at the repository, in words", async () => {
    const { layout: place, digest } = layout("one");
    const port = await freePort(network.address(), 5001);
    terraform.writeImage({ layout: place, repository: `127.0.0.1:${port}/edge`, digest });
    await terraform.init();
    const { status, output } = await terraform.apply();
    expect(status).toBe(1);
    expect(output).toMatch(/registry-unreachable/);
    expect(output).not.toMatch(/\n\s+at /);
  });
});
