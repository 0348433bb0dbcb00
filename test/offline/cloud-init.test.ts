import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import Ajv from "ajv-draft-04";
import { parse } from "yaml";
import { cloudInit, type HostProgram } from "../../src/constructs/cloud-init";
import { runInPeerRoot } from "../peers/rig/peer-command";
import { peerRoot } from "../peers/rig/peer-root";

const PLAIN: HostProgram = {
  image: `registry.example/xmpp-edge@sha256:${"a".repeat(64)}`,
  arguments: ["s3://bucket/gateway-document.json", "--listen [::]:5269", "--log-group /xmpp-edge/contoso-1"],
  environment: { AWS_REGION: "eu-central-1" },
  volumeSerial: "vol0123456789abcdef0",
};
const WHOLE: HostProgram = {
  ...PLAIN,
  ecrRegistry: "123456789012.dkr.ecr.eu-central-1.amazonaws.com",
  environment: {
    AWS_REGION: "eu-central-1",
    XMPP_EDGE_ACME_AGREE_TERMS: "true",
    XMPP_EDGE_ACME_CONTACT: "a@b.example",
  },
  lowestPort: 80,
};

interface Schema {
  readonly $defs: { readonly [name: string]: { readonly properties?: object } };
}
const schemaFile = (): string =>
  join(peerRoot().folder, "usr/lib/python3/dist-packages/cloudinit/config/schemas/schema-cloud-config-v1.json");

describe("user data under cloud-init's own schema", () => {
  let problems: (text: string) => string[];
  beforeAll(() => {
    const schema: Schema = JSON.parse(readFileSync(schemaFile(), "utf8"));
    const validate = new Ajv({ strict: false, allErrors: true, logger: false }).compile(schema);
    // cloud-init itself lets unknown keys pass, `runcmds` for one.
    const known = new Set(Object.values(schema.$defs).flatMap(({ properties = {} }) => Object.keys(properties)));
    problems = (text) => {
      const document = parse(text);
      validate(document);
      return [
        ...(validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`),
        ...Object.keys(document)
          .filter((key) => !known.has(key))
          .map((key) => `/${key} is unknown`),
      ];
    };
  });

  test.each([
    ["the least", PLAIN],
    ["everything", WHOLE],
  ])("%s is valid", (_, program) => {
    expect(problems(cloudInit(program))).toEqual([]);
    // EC2 takes 16 KB as they are.
    expect(Buffer.byteLength(cloudInit(program))).toBeLessThan(8 * 1024);
  });

  test.each([
    ["an unknown key", "runcmds: []", /runcmds is unknown/],
    ["a number where text belongs", "write_files: [{ path: /x, permissions: 420 }]", /permissions must be string/],
    ["users that are none", "users: []", /users/],
  ])("%s would be found", (_, line, message) => {
    expect(problems(`#cloud-config\n${line}\n`).join("\n")).toMatch(message);
  });
});

describe("user data under cloud-init itself", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "cloud-init-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const schema = (text: string): string => {
    writeFileSync(join(folder, "user-data"), text);
    return runInPeerRoot(peerRoot(), folder, ["/usr/bin/cloud-init", "schema", "--config-file", "/peer/user-data"]);
  };

  test.each([
    ["the least", PLAIN],
    ["everything", WHOLE],
  ])("%s is valid", (_, program) => {
    expect(schema(cloudInit(program))).toMatch(/^Valid cloud-config/);
  });

  test("it does refuse", () => {
    expect(() => schema("#cloud-config\nwrite_files: [{ path: /x, permissions: 420 }]\n")).toThrow(/permissions/);
  });
});

interface WrittenFile {
  readonly path: string;
  readonly content: string;
  readonly append?: boolean;
  readonly permissions?: string;
}

describe("what the first boot writes and runs", () => {
  let folder: string;
  const files: readonly WrittenFile[] = parse(cloudInit(WHOLE)).write_files;
  const inRoot = (...command: string[]) => runInPeerRoot(peerRoot(), folder, command);
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "first-boot-"));
    for (const { path, content, permissions = "0644" } of files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
      chmodSync(join(folder, path), Number.parseInt(permissions, 8));
    }
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const unit = () => readFileSync(join(folder, "etc/systemd/system/xmpp-edge.service"), "utf8").replaceAll("\\\n", " ");
  const words = (directive: string): string[] =>
    new RegExp(`^${directive}=(.*)$`, "m").exec(unit())![1]!.trim().split(/\s+/);

  test("the folders belong to the image's user, whoever made them", () => {
    const [program, ...args] = words("ExecStartPre");
    const inside = args.map((arg) => (arg.startsWith("/var/") ? `/peer${arg}` : arg));
    inRoot(program!, ...inside);
    inRoot(program!, ...inside); // every start does it again
    for (const name of ["state", "certificates"]) {
      const { uid, gid, mode } = statSync(join(folder, "var/lib/xmpp-edge", name));
      expect([uid, gid, mode & 0o777]).toEqual([10001, 10001, 0o700]);
    }
  });

  test("podman takes every option of the unit's command", () => {
    const [program, ...args] = words("ExecStart");
    expect(program).toBe("/usr/bin/podman");
    const image = args.indexOf(WHOLE.image);
    expect(args[0]).toBe("run");
    // --help is judged after the options before it: an unknown one, or one without its value, ends with an error.
    expect(inRoot(program!, ...args.slice(0, image), "--help")).toMatch(/Run a command in a new container/);
    expect(() => inRoot(program!, "run", "--no-such-option", "--help")).toThrow(/unknown flag/);
    expect(inRoot("/usr/bin/podman", ...words("ExecStop").slice(1), "--help")).toMatch(/Stop one or more containers/);
  });

  test("the kernel's setting is one that sysctl reads", () => {
    expect(inRoot("/usr/sbin/sysctl", "--dry-run", "--load", "/peer/etc/sysctl.d/60-xmpp-edge.conf")).toBe(
      "net.ipv4.ip_unprivileged_port_start = 80\n",
    );
  });

  test("mount reads its line", () => {
    const [line] = files.filter(({ path }) => path === "/etc/fstab").map(({ content }) => content);
    expect(
      inRoot("/usr/bin/findmnt", "--tab-file", "/peer/etc/fstab", "--noheadings", "--output", "TARGET,FSTYPE").trim(),
    ).toMatch(/^\/var\/lib\/xmpp-edge\s+ext4$/);
    expect(line!.endsWith("\n")).toBe(true);
  });
});
