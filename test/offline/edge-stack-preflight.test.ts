import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import type { EdgeInput } from "xmpp-edge";
import { GatewayImage, synthesise } from "xmpp-edge/constructs";
import { contoso } from "../constructs/definitions";
import { type Knot, startKnot } from "../peers/rig/knot";
import { freePort, LoopbackNetwork } from "../peers/rig/ports";
import { Terraform } from "./terraform";

const FQDN = "sip.contoso.example";
const SIP_EDGE = "192.0.2.9";
const image = GatewayImage.fromReference(`registry.example/xmpp-edge@sha256:${"a".repeat(64)}`);

describe("a deploy to a zone where the name serves a running SIP edge", () => {
  let network: LoopbackNetwork;
  let knot: Knot;
  const folders: string[] = [];

  beforeAll(async () => {
    network = await LoopbackNetwork.claim();
    const address = network.address();
    knot = await startKnot({
      address,
      port: await freePort(address, 5353),
      zones: {
        "contoso.example": [
          `_sip._tls.contoso.example. 60 IN SRV 0 0 443 ${FQDN}.`,
          `_sipfederationtls._tcp.contoso.example. 60 IN SRV 0 0 5061 ${FQDN}.`,
          `${FQDN}. 60 IN A ${SIP_EDGE}`,
        ],
      },
    });
  });
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });
  afterAll(async () => {
    await knot?.stop();
    await network?.release();
  });

  const stack = async (accessEdge: EdgeInput["accessEdge"]): Promise<Terraform> => {
    const folder = mkdtempSync(join(tmpdir(), "preflight-"));
    folders.push(folder);
    const questions = { nameServers: [`contoso.example=${knot.address}:${knot.port}`] };
    const { file } = synthesise(contoso({ accessEdge }), join(folder, "out"), {
      image,
      preflight: questions,
      federationCheck: questions,
    });
    expect(readFileSync(file, "utf8")).toContain("xmppedge_preflight");
    return Terraform.in(dirname(file));
  };
  const published = async (terraform: Terraform): Promise<string[]> =>
    Object.keys(await terraform.state()).filter((address) => address.startsWith("aws_route53_record."));
  const refusal = async (attempt: Promise<unknown>): Promise<string> => {
    const { message } = await attempt.then(
      () => new Error("it was not refused"),
      (error: Error) => error,
    );
    return message.replace(/[│\s]+/g, " ");
  };

  test("stops at the plan, names both records, and has made nothing, where the address is declared", async () => {
    const terraform = await stack({ fqdn: FQDN, addresses: ["198.51.100.7"] });
    const message = await refusal(terraform.apply());
    expect(message).toContain("_sip._tls.contoso.example");
    expect(message).toContain("_sipfederationtls._tcp.contoso.example");
    expect(message).toContain(SIP_EDGE);
    expect(message).toMatch(/takesOver/);
    expect(await terraform.state()).toEqual({});
  });

  test("stops before anything is published, where the address is allocated by the deploy itself", async () => {
    const terraform = await stack({ fqdn: FQDN });
    const message = await refusal(terraform.apply());
    expect(message).toContain("_sip._tls.contoso.example");
    expect(message).toContain("_sipfederationtls._tcp.contoso.example");
    expect(await published(terraform)).toEqual([]);
  });

  test("goes on where the definition takes the name over, and says afterwards what partners see", async () => {
    const terraform = await stack({ fqdn: FQDN, takesOver: true });
    const said = await terraform.apply();
    expect(await published(terraform)).toHaveLength(3);
    // The stand-in publishes nothing, so the zone is still without the record that partners look for.
    expect(said.replace(/[│\s]+/g, " ")).toMatch(/Check block assertion failed.*federation of contoso: fail/);
  });

  test("goes on under a name of its own", async () => {
    const terraform = await stack({ fqdn: "xmpp.contoso.example" });
    await terraform.apply();
    expect(await published(terraform)).toHaveLength(3);
  });
});
