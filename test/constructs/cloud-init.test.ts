import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { cloudInit, type HostProgram } from "../../src/constructs/cloud-init";

const program: HostProgram = {
  image: `registry.example/xmpp-edge@sha256:${"a".repeat(64)}`,
  arguments: ["s3://bucket/gateway-document.json", "--listen [::]:5269"],
  environment: { AWS_REGION: "eu-central-1" },
  volumeSerial: "vol0123456789abcdef0",
};

interface CloudConfig {
  readonly ntp: object;
  readonly packages: readonly string[];
  readonly write_files: readonly {
    readonly path: string;
    readonly content: string;
    readonly append?: boolean;
    readonly permissions?: string;
  }[];
  readonly runcmd: readonly (readonly string[])[];
}

const config = (changes: Partial<HostProgram> = {}): CloudConfig => parse(cloudInit({ ...program, ...changes }));
const file = (path: string, changes: Partial<HostProgram> = {}): string | undefined =>
  config(changes).write_files.find((candidate) => candidate.path === path)?.content;

/** The command of `ExecStart`, its continued lines joined. */
const command = (changes: Partial<HostProgram> = {}): string[] =>
  /^ExecStart=((?:.*\\\n)*.*)$/m
    .exec(file("/etc/systemd/system/xmpp-edge.service", changes)!)![1]!
    .replaceAll("\\\n", "")
    .split(/\s+/);

describe("an edge host's first boot", () => {
  test("is cloud-init's, and small enough for EC2", () => {
    const text = cloudInit({ ...program, ecrRegistry: "123456789012.dkr.ecr.eu-central-1.amazonaws.com" });
    expect(text.startsWith("#cloud-config\n")).toBe(true);
    expect(Buffer.byteLength(text)).toBeLessThan(8 * 1024); // EC2 takes 16 KiB
  });

  test("leaves no way to log in", () => {
    expect(parse(cloudInit(program))).toMatchObject({ ssh_pwauth: false, disable_root: true });
    expect(config().runcmd).toContainEqual(["systemctl", "mask", "--now", "ssh.service", "ssh.socket"]);
  });

  test("keeps the system upgraded without anybody", () => {
    expect(config().packages).toContain("unattended-upgrades");
    expect(file("/etc/apt/apt.conf.d/52xmpp-edge")).toMatch(/Unattended-Upgrade "1";[\s\S]*Automatic-Reboot "true";/);
  });

  test("keeps its clock by Amazon's", () => {
    expect(config().ntp).toEqual({ enabled: true, ntp_client: "chrony", servers: ["169.254.169.123"] });
  });

  test.each([
    [80, "net.ipv4.ip_unprivileged_port_start = 80\n"],
    [443, "net.ipv4.ip_unprivileged_port_start = 443\n"],
    [5269, undefined],
  ])("lets the gateway have port %i", (lowestPort, setting) => {
    expect(file("/etc/sysctl.d/60-xmpp-edge.conf", { lowestPort })).toBe(setting);
    const load = ["sysctl", "--load", "/etc/sysctl.d/60-xmpp-edge.conf"];
    expect(config({ lowestPort }).runcmd.some((command) => command.join() === load.join())).toBe(setting !== undefined);
  });

  test("mounts the data volume by its id, makes a file system only on an empty one and runs nothing from it", () => {
    const fstab = config().write_files.find(({ path }) => path === "/etc/fstab")!;
    expect(fstab.append).toBe(true);
    const [device, folder, type, options] = fstab.content.trim().split(" ");
    expect([device, folder, type]).toEqual([
      "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0123456789abcdef0",
      "/var/lib/xmpp-edge",
      "ext4",
    ]);
    expect(options!.split(",")).toEqual(
      expect.arrayContaining(["x-systemd.makefs", "nosuid", "nodev", "noexec", "nofail"]),
    );
    expect(file("/etc/systemd/system/xmpp-edge.service")).toContain("RequiresMountsFor=/var/lib/xmpp-edge\n");
  });

  test("does not wait for the volume, which may come after it", () => {
    expect(config().runcmd.at(-1)).toEqual(["systemctl", "start", "--no-block", "xmpp-edge.service"]);
  });

  test("runs the image by digest with its arguments, confined", () => {
    const words = command();
    expect(words.slice(-5)).toEqual([
      program.image,
      "run",
      "s3://bucket/gateway-document.json",
      "--listen",
      "[::]:5269",
    ]);
    const text = words.join(" ");
    for (const option of [
      "--read-only",
      "--cap-drop all",
      "--security-opt no-new-privileges",
      "--pids-limit 512",
      "--env AWS_REGION=eu-central-1",
    ]) {
      expect(text).toContain(option);
    }
    expect(text).not.toContain("--privileged");
  });

  test("gives a stopping gateway longer than it takes to drain", () => {
    const unit = file("/etc/systemd/system/xmpp-edge.service")!;
    const seconds = (pattern: RegExp): number => Number(pattern.exec(unit)![1]);
    expect(seconds(/TimeoutStopSec=(\d+)/)).toBeGreaterThan(seconds(/podman stop --time (\d+)/));
  });

  test("logs in to ECR by the host's role, and to no other registry", () => {
    const registry = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";
    expect(JSON.parse(file("/etc/containers/auth.json", { ecrRegistry: registry })!)).toEqual({
      credHelpers: { [registry]: "ecr-login" },
    });
    expect(config({ ecrRegistry: registry }).packages).toContain("amazon-ecr-credential-helper");
    expect(file("/etc/containers/auth.json")).toBeUndefined();
    expect(config().packages).not.toContain("amazon-ecr-credential-helper");
    expect(file("/etc/systemd/system/xmpp-edge.service")).not.toContain("REGISTRY_AUTH_FILE");
  });
});
