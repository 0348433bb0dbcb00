import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { freePort, LoopbackNetwork } from "../../peers/rig/ports";
import { startRegistry } from "../../peers/rig/registry";
import { OwnTerraform } from "./own-terraform";
import { tinyLayout } from "./tiny-layout";

const PASSWORD = "correct-horse-battery-staple";
/** Of the password. */
const BCRYPT = "$2y$05$abcdefghijklmnopqrstuu85MXjg6exOQL.AXFImpsqFFSBHJgLRe";

let terraform: OwnTerraform;
beforeEach(() => {
  terraform = new OwnTerraform();
});
afterEach(() => terraform.remove());

/** A registry that takes an upload and never says that it has it. */
async function hangingRegistry(onUpload: () => void): Promise<{ server: Server; host: string; writes: string[] }> {
  const writes: string[] = [];
  const server = createServer((request, response) => {
    const { method = "", url = "" } = request;
    if (method === "PUT" && url.includes("/manifests/")) writes.push(url);
    if (method === "HEAD") response.writeHead(404).end();
    else if (method === "POST") response.writeHead(202, { location: `${url}one` }).end();
    else if (method === "GET") response.writeHead(200).end("{}");
    else {
      request.resume();
      onUpload();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, host: `127.0.0.1:${(server.address() as AddressInfo).port}`, writes };
}

describe("an interrupted push", () => {
  test("ends soon, leaves no manifest, nothing in the state, and the next run completes", async () => {
    let uploading = () => {};
    const upload = new Promise<void>((resolve) => {
      uploading = resolve;
    });
    const { server, host, writes } = await hangingRegistry(uploading);
    const network = await LoopbackNetwork.claim();
    const { layout, digest } = tinyLayout(join(terraform.folder, "layout"), 5_000_000);
    terraform.writeImage({ layout, repository: `${host}/edge`, digest, tag: "v1" });
    try {
      await terraform.init();
      let interrupted = 0;
      const outcome = await terraform.run(["apply", "-no-color", "-input=false", "-auto-approve"], {}, (child) => {
        void upload.then(() => {
          interrupted = performance.now();
          child.kill("SIGINT");
        });
      });
      expect(performance.now() - interrupted).toBeLessThan(60_000);
      expect(outcome.status).toBe(1);
      expect(outcome.output).toMatch(/Interrupt received/);
      expect(outcome.output).toMatch(/Error: interrupted/);
      expect(writes).toEqual([]);
      expect(await terraform.state()).toEqual({});

      const address = network.address();
      const registry = await startRegistry({ address, port: await freePort(address, 5000) });
      try {
        terraform.writeImage({ layout, repository: `${registry.host}/edge`, digest, tag: "v1" });
        expect(await terraform.apply()).toMatchObject({ status: 0 });
      } finally {
        await registry.stop();
      }
    } finally {
      server.closeAllConnections();
      server.close();
      await network.release();
    }
  });
});

describe("the password of a registry", () => {
  test("opens it, and is in neither state, plan, log nor output", async () => {
    const network = await LoopbackNetwork.claim();
    const address = network.address();
    const registry = await startRegistry({
      address,
      port: await freePort(address, 5000),
      user: { name: "deployer", bcrypt: BCRYPT },
    });
    try {
      const { layout, digest } = tinyLayout(join(terraform.folder, "layout"), "secret");
      terraform.writeImage({ layout, repository: `${registry.host}/edge`, digest, tag: "v1" });
      await terraform.init();
      const refused = await terraform.apply();
      expect(refused.status).toBe(1);
      expect(refused.output).toMatch(/registry-unauthorized/);

      const environment = {
        XMPP_EDGE_REGISTRY_USERNAME: "deployer",
        XMPP_EDGE_REGISTRY_PASSWORD: PASSWORD,
        TF_LOG: "TRACE",
      };
      const outcome = await terraform.run(["apply", "-no-color", "-input=false", "-auto-approve"], environment);
      expect(outcome.status).toBe(0);
      expect(outcome.output).toMatch(/\[DEBUG\] .*pushed \d+ bytes to/);
      const planned = await terraform.run(["plan", "-out=planned", "-input=false"], environment);
      const kept = ["terraform.tfstate", "planned"].map((file) => readFileSync(join(terraform.folder, file), "latin1"));
      const basic = Buffer.from(`deployer:${PASSWORD}`).toString("base64");
      for (const text of [outcome.output, planned.output, ...kept]) {
        expect(text).not.toContain(PASSWORD);
        expect(text).not.toContain(basic);
      }
    } finally {
      await registry.stop();
      await network.release();
    }
  });
});
