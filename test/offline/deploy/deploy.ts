import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { EdgeInput } from "../../../src/definition";
import { eventOf } from "../../peers/rig/gateway";
import { authenticatedStreams } from "../../peers/rig/prosody-log";
import { until } from "../../peers/rig/until";
import type { WatchedProcess } from "../../peers/rig/watched-process";
import { AcmStandIn } from "../../stand-in-aws/acm";
import { LogsStandIn } from "../../stand-in-aws/logs";
import { S3StandIn } from "../../stand-in-aws/s3";
import { AwsStandIn } from "../../stand-in-aws/stand-in";
import { CdktfProject } from "./cdktf-project";
import { must } from "./deploy-error";
import { hostUnit, imageOf, optionOf } from "./host-unit";
import { descendants, stillThere } from "./process-tree";
import type { Progress } from "./progress";
import type { DeploySettings } from "./settings";
import { type Partner, Surroundings } from "./surroundings";

const ZONE = "contoso.example";
const FQDN = `xmpp.${ZONE}`;
const ECHO = `echo@${ZONE}`;
const FIRST = "fabrikam.example";
const SECOND = "northwind.example";
/** ms in which a running gateway has to have a change of its object. */
const SEEN_WITHIN = 30_000;

function definition(partners: readonly string[]): EdgeInput {
  return {
    name: "contoso",
    accessEdge: { fqdn: FQDN, addresses: ["198.51.100.7"] },
    domains: [{ name: ZONE }],
    certificate: { key: { type: "ECDSA" }, source: { kind: "acm" } },
    dns: { kind: "route53" },
    internal: { kind: "sandbox", users: [] },
    partners: partners.map((domain) => ({ domain, partnerType: "Federated", supportDialbackNegotiation: false })),
  };
}

export interface DeployOptions {
  /** An empty folder; everything is made in it, or in the folder for temporary files. */
  readonly scratch: string;
  /** The folder for temporary files, which has to be left as it was. */
  readonly temporary: string;
  /** The file of the `cdktf` command. */
  readonly cdktf: string;
  /** Where the image's packages are kept. */
  readonly cache: string;
  readonly progress: Progress;
}

/**
 * From a definition to a federated gateway and back, on one machine: AWS is a stand-in, everything else is real.
 * @throws Error at the first step that does not show what it has to show
 */
export async function deployOffline({ scratch, temporary, cdktf, cache, progress }: DeployOptions): Promise<void> {
  const before = new Set(readdirSync(temporary));
  const world = await progress.step("name server, resolvers, registry, podman, two partners' Prosodies", async () => {
    const opened = await Surroundings.open({ zone: ZONE, fqdn: FQDN, partners: [FIRST, SECOND] });
    return Object.assign(opened, { shown: "started" });
  });
  const aws: { service?: AwsStandIn } = {};
  let started = new Map<`${number} ${string}`, string>() as ReadonlyMap<`${number} ${string}`, string>;
  try {
    const settings: DeploySettings = {
      definition: definition([FIRST]),
      registry: world.registry.host,
      dns: {
        nameServers: [`${ZONE}=${world.knot.address}:${world.knot.port}`],
        resolvers: [`${world.publicResolver.address}:${world.publicResolver.port}`],
      },
      layout: join(scratch, "image"),
      cache,
    };
    const project = await CdktfProject.lay(join(scratch, "project"), cdktf, settings);
    await publishes(world, project, progress);
    await changesNothing(world, project, progress);
    const gateway = await runs(world, project, aws, progress);
    await progress.step(`${FIRST} sends a message and has its echo`, () => exchanges(world.partner(FIRST), "first"));
    await takesPartner(world, project, { settings, gateway: gateway.process, s3: gateway.s3 }, progress);
    await progress.step("the gateway stops as the host stops it", async () => {
      await world.podman.command("stop", "--time", "30", "xmpp-edge");
      return gateway.process.exited.then((how) => {
        // 128 + SIGTERM, once everything is put away; 137 would be a gateway that had to be killed.
        must(how === "exit code 143", "podman stop", `the container ended with ${how}`);
        return how;
      });
    });
    await progress.step("cdktf destroy", async () => {
      await project.destroy();
      const left = await project.state();
      must(left.length === 0, "cdktf destroy", `left ${left.map(({ address }) => address).join(", ")}`);
      const answer = await fetch(`${world.registry.url}/v2/xmpp-edge/contoso/manifests/${gateway.digest}`);
      must(answer.status === 404, "cdktf destroy", `the registry still answers ${answer.status} for the image`);
      return "nothing in the state, no image in the registry";
    });
  } finally {
    started = descendants();
    await aws.service?.stop();
    await world.close();
  }
  await progress.step("nothing is left", async () => {
    await until("the end of every process", () => (stillThere(started).length === 0 ? true : undefined));
    const folders = readdirSync(temporary).filter((name) => !before.has(name) && join(temporary, name) !== scratch);
    must(folders.length === 0, "folders", `left ${folders.join(", ")}`);
    return `${started.size} processes ended, no folder left`;
  });
}

/** One `cdktf deploy`; the registry has the image, and what Route 53 would serve is served. */
async function publishes(world: Surroundings, project: CdktfProject, progress: Progress): Promise<void> {
  await progress.step("cdktf deploy: image built and pushed, pre-flight asked, stack made", async () => {
    const said = await project.deploy();
    const asked = world.registry.process.log.some((line) => /PUT.*\/v2\/xmpp-edge\/contoso\/manifests\//.test(line));
    must(asked, "cdktf deploy", `pushed no manifest; it said:\n${said}`);
    return `${(await project.state()).length} objects`;
  });
  await progress.step("second terraform plan", async () => {
    const { code, output } = await project.plan();
    must(CHECK_FAILED.test(output), "federation check", `says nothing, although no record is served:\n${output}`);
    must(code === 0, "second plan", `-detailed-exitcode gave ${code}:\n${output}`);
    return "exit code 0: empty; the check warns that no record is served yet";
  });
  await progress.step("the records of the state are served", async () => {
    const count = await world.publish(await project.state());
    must(count === 2, "records", `there are ${count} of SRV and A, not 2`);
    return `${count} records`;
  });
}

/** Whatever asks once more finds nothing to do, and the check of what is published passes. */
async function changesNothing(world: Surroundings, project: CdktfProject, progress: Progress): Promise<void> {
  await progress.step("a deploy of no change", async () => {
    const pushes = world.registry.process.log.length;
    const said = await project.deploy();
    must(!writes(world, pushes), "a deploy of no change", "wrote to the registry");
    must(!CHECK_FAILED.test(said), "federation check", said);
    return "no byte pushed; the check of the published records passes";
  });
  await progress.step("terraform plan and cdktf diff", async () => {
    const { code, output } = await project.plan();
    must(
      code === 0 && !CHECK_FAILED.test(output),
      "a plan of no change",
      `-detailed-exitcode gave ${code}:\n${output}`,
    );
    const said = await project.diff();
    must(/No changes\./.test(said), "cdktf diff", said);
    return "exit code 0, and both empty";
  });
}

const CHECK_FAILED = /Check block assertion failed/;

/** Whether anything was sent to the registry since its log had that length. */
const writes = ({ registry }: Surroundings, from: number): boolean =>
  registry.process.log.slice(from).some((line) => /"(PUT|POST|PATCH) \/v2\//.test(line));

/** The host's own unit in podman, with what it asks AWS for out of the state. */
async function runs(world: Surroundings, project: CdktfProject, aws: { service?: AwsStandIn }, progress: Progress) {
  return progress.step("the host's unit runs the pushed digest", async () => {
    const unit = hostUnit(String((await project.object("aws_instance")).user_data));
    const object = await project.object("aws_s3_object");
    const reference = imageOf(unit);
    must(reference.startsWith(`${world.registry.host}/`), "unit", `runs ${reference}`);
    must(unit.start.includes(`s3://${object.bucket}/${object.key}`), "unit", `reads no object of the state`);
    const s3 = new S3StandIn(String(object.bucket));
    s3.put(String(object.key), String(object.content));
    const certificate = await project.object("aws_acm_certificate");
    must(
      unit.start.includes(`XMPP_EDGE_CERTIFICATE_ARN=${certificate.arn}`),
      "unit",
      "exports no certificate of the state",
    );
    const { certPem, keyPem, caPem } = await world.rig.authority.issue({ names: [FQDN, ZONE] });
    const acm = new AcmStandIn(String(certificate.arn), { certificatePem: certPem + caPem, keyPem });
    const logs = new LogsStandIn([optionOf(unit, "--log-group")]);
    aws.service = await new AwsStandIn(s3, acm, logs).start();
    const since = performance.now();
    const process = await world.start(unit, { ...aws.service.environment, AWS_EC2_METADATA_DISABLED: "true" });
    await process.waitForLog(/"ready":true/);
    const took = Math.round(performance.now() - since);
    const digest = reference.slice(reference.indexOf("@") + 1);
    const known = (await world.podman.command("inspect", "--format", "{{.ImageDigest}}", "xmpp-edge")).trim();
    must(known === digest, "podman", `runs ${known}, the unit names ${digest}`);
    const shown = `${digest.slice(0, 19)}…, ready ${took} ms after podman was called, pull included`;
    return { shown, process, s3, digest };
  });
}

interface RunningEdge {
  readonly settings: DeploySettings;
  readonly gateway: WatchedProcess;
  readonly s3: S3StandIn;
}

/** A partner more in the definition: one object, taken live, and nobody else notices. */
async function takesPartner(
  world: Surroundings,
  project: CdktfProject,
  { settings, gateway, s3 }: RunningEdge,
  progress: Progress,
): Promise<void> {
  const [first, second] = [world.partner(FIRST), world.partner(SECOND)];
  await progress.step(`${SECOND} is refused as yet`, async () => {
    second.juliet.message(ECHO, "too early", { id: "too-early" });
    await second.juliet.waitForError("too-early");
    return "its message came back as an error";
  });
  const streams = sessions(first);
  await progress.step("partner added to the definition: plan", async () => {
    project.tell({ ...settings, definition: definition([FIRST, SECOND]) });
    await project.synth();
    const { code, changes, output } = await project.plan();
    const [only] = changes;
    const right =
      code === 2 &&
      changes.length === 1 &&
      only?.address.startsWith("aws_s3_object.") &&
      `${only.actions}` === "update";
    must(right === true, "plan of one partner", `is not one object's update:\n${output}`);
    return `one change, ${only?.address}`;
  });
  await progress.step("cdktf deploy, and the running container takes it", async () => {
    const [from, pushes] = [gateway.log.length, world.registry.process.log.length];
    await project.deploySynthesised();
    const object = await project.object("aws_s3_object");
    s3.put(String(object.key), String(object.content), Date.now() + 1000);
    const since = performance.now();
    const applied = (line: string) => eventOf(line, "document-applied", {});
    await gateway.waitForLine("the event document-applied", applied, { from, timeout: SEEN_WITHIN });
    must(!writes(world, pushes), "a partner's deploy", "wrote to the registry");
    return `live ${((performance.now() - since) / 1000).toFixed(1)} s after the object changed`;
  });
  await progress.step(`${SECOND} sends a message and has its echo`, () => exchanges(second, "second"));
  await progress.step(`${FIRST}'s streams are the same ones`, async () => {
    await exchanges(first, "still there");
    const now = sessions(first);
    must(streams.length > 0 && `${now}` === `${streams}`, "streams", `were ${streams}, are ${now}`);
    const ended = first.prosody.process.log.filter((line) =>
      /s2s(in|out)[0-9a-f]+.*(disconnected|Destroying)/.test(line),
    );
    must(ended.length === 0, "streams", `ended:\n${ended.join("\n")}`);
    const ready = gateway.log.filter((line) => line.includes('"ready":true'));
    must(ready.length === 1, "gateway", "it was started anew");
    return now.join(", ");
  });
}

async function exchanges({ domain, juliet }: Partner, text: string): Promise<string> {
  juliet.message(ECHO, `${text} from ${domain}`);
  await juliet.waitForMessage(ECHO, `${text} from ${domain}`);
  return "";
}

/** Prosody's names of the streams between it and us, in the order they were authenticated. */
function sessions({ prosody }: Partner): string[] {
  const complete = /\b(s2s(?:in|out)[0-9a-f]+)\b.*s2s connection \S+->\S+ complete/;
  const names = prosody.process.log.flatMap((line) => complete.exec(line)?.[1] ?? []);
  must(
    names.length === authenticatedStreams(prosody.process.log).length,
    "Prosody's log",
    "names its streams otherwise",
  );
  return names;
}
