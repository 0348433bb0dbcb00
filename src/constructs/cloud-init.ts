import { stringify } from "yaml";

/** What a host runs, as its first boot sets it up. Values may be Terraform references. */
export interface HostProgram {
  /** The program image, by digest. */
  readonly image: string;
  /** Host of an ECR registry that the host logs in to with its role; absent where the registry asks for nothing. */
  readonly ecrRegistry?: string;
  /** What `xmpp-edge run` is given: the definition's document and flags. */
  readonly arguments: readonly string[];
  readonly environment: { readonly [name: string]: string };
  /** The lowest port that the gateway listens on; the container has no right to those below 1024. */
  readonly lowestPort?: number;
  /** Id of the data volume as EC2's disk names have it: without its hyphen. */
  readonly volumeSerial: string;
}

/** Where the data volume is mounted, on the host and in the container. The image's user owns the folders below it. */
export const DATA_FOLDER = "/var/lib/xmpp-edge";
export const STATE_FOLDER = `${DATA_FOLDER}/state`;
export const CERTIFICATE_FOLDER = `${DATA_FOLDER}/certificates`;

/** The image's user and group. */
const USER = 10001;
/** Seconds that a gateway gets to return what it cannot deliver any more. */
const DRAIN = 30;

/**
 * User data of an edge host, for cloud-init on Debian 12: no login, one volume, one service, one image by digest. The
 * host is replaced, not entered; everything on it is written here.
 */
export function cloudInit(program: HostProgram): string {
  // A host of one program: whoever could take such a port from it is on the host already.
  const opened = program.lowestPort !== undefined && program.lowestPort < 1024 ? program.lowestPort : undefined;
  const document = {
    ssh_pwauth: false,
    disable_root: true,
    package_update: true,
    package_upgrade: true,
    // Amazon's clock, which every instance reaches without a rule of its firewall. Certificates and signed requests
    // are judged by it.
    ntp: { enabled: true, ntp_client: "chrony", servers: ["169.254.169.123"] },
    packages: [
      "podman",
      "unattended-upgrades",
      ...(program.ecrRegistry === undefined ? [] : ["amazon-ecr-credential-helper"]),
    ],
    write_files: [
      { path: "/etc/apt/apt.conf.d/52xmpp-edge", content: UPGRADES },
      { path: "/etc/fstab", append: true, content: mount(program.volumeSerial) },
      ...(program.ecrRegistry === undefined
        ? []
        : [{ path: LOGIN, permissions: "0600", content: `${login(program.ecrRegistry)}\n` }]),
      ...(opened === undefined ? [] : [{ path: PORTS, content: `net.ipv4.ip_unprivileged_port_start = ${opened}\n` }]),
      { path: "/etc/systemd/system/xmpp-edge.service", content: unit(program) },
    ],
    runcmd: [
      ...(opened === undefined ? [] : [["sysctl", "--load", PORTS]]),
      ["systemctl", "mask", "--now", "ssh.service", "ssh.socket"],
      ["systemctl", "daemon-reload"],
      ["systemctl", "enable", "xmpp-edge.service"],
      // Without waiting: the volume may be attached only after the first boot has begun.
      ["systemctl", "start", "--no-block", "xmpp-edge.service"],
    ],
    final_message: "xmpp-edge host set up after $UPTIME s",
  };
  return `#cloud-config\n${stringify(document, { lineWidth: 0 })}`;
}

const PORTS = "/etc/sysctl.d/60-xmpp-edge.conf";
const LOGIN = "/etc/containers/auth.json";
const login = (registry: string): string => `{"credHelpers":{"${registry}":"ecr-login"}}`;

/** Security updates every day; a new kernel is taken at night, since nobody logs in to do it. */
const UPGRADES = `APT::Periodic::Update-Package-Lists "1";
APT::Periodic::Unattended-Upgrade "1";
Unattended-Upgrade::Automatic-Reboot "true";
Unattended-Upgrade::Automatic-Reboot-Time "03:30";
`;

/**
 * The data volume by its own id, so that no other disk is ever taken for it. systemd makes the file system where the
 * volume is empty and leaves one that is there alone (systemd.mount(5), x-systemd.makefs, which works in fstab only).
 */
function mount(serial: string): string {
  const device = `/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${serial}`;
  const options = [
    "noatime",
    "nosuid",
    "nodev",
    "noexec",
    "nofail",
    "x-systemd.device-timeout=infinity",
    "x-systemd.makefs",
    "x-systemd.growfs",
  ];
  return `${device} ${DATA_FOLDER} ext4 ${options.join(",")} 0 2\n`;
}

function unit({ image, ecrRegistry, arguments: args, environment }: HostProgram): string {
  const run = [
    "/usr/bin/podman run --rm --replace --name xmpp-edge",
    "--network host --read-only --cap-drop all --security-opt no-new-privileges --pids-limit 512",
    `--volume ${DATA_FOLDER}:${DATA_FOLDER}`,
    ...Object.entries(environment).map(([name, value]) => `--env ${name}=${value}`),
    `--log-driver journald --stop-timeout ${DRAIN}`,
    image,
    ["run", ...args].join(" "),
  ];
  return `[Unit]
Description=XMPP federation gateway
Wants=network-online.target
After=network-online.target
RequiresMountsFor=${DATA_FOLDER}
StartLimitIntervalSec=0

[Service]
${ecrRegistry === undefined ? "" : `Environment=REGISTRY_AUTH_FILE=${LOGIN}\n`}ExecStartPre=/usr/bin/install -d -o ${USER} -g ${USER} -m 0700 ${STATE_FOLDER} ${CERTIFICATE_FOLDER}
ExecStart=${run.join(" \\\n  ")}
ExecStop=/usr/bin/podman stop --time ${DRAIN} xmpp-edge
Restart=always
RestartSec=5
SuccessExitStatus=143
TimeoutStopSec=${DRAIN + 15}

[Install]
WantedBy=multi-user.target
`;
}
