import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PeerProcess } from "./peer-process";
import { peerRoot } from "./peer-root";
import type { TestCertificate } from "./pki";
import { requireFree } from "./ports";
import { accountPassword } from "./prosody";
import { makeWorkFolder } from "./work-folder";

export interface Jabberd2Options {
  readonly domain: string;
  /** More domains that it serves; its certificate must name them too. */
  readonly additionalDomains?: readonly string[];
  readonly address: string;
  readonly s2sPort: number;
  readonly c2sPort: number;
  /** Where its four programs meet. */
  readonly routerPort: number;
  readonly certificates: TestCertificate;
  /** Local parts; each has the password `accountPassword`. */
  readonly accounts: readonly string[];
  /** Address of its resolver, which it asks at port 53 and nowhere else. */
  readonly resolver: string;
}

export interface Jabberd2 {
  readonly domain: string;
  readonly address: string;
  readonly s2sPort: number;
  readonly c2sPort: number;
  readonly processes: readonly PeerProcess[];
  stop(): Promise<void>;
}

/**
 * Starts jabberd2's four programs and waits until clients can log in. With servers it does
 * STARTTLS where both can, and dialback.
 */
export async function startJabberd2(options: Jabberd2Options): Promise<Jabberd2> {
  const { domain, address, s2sPort, c2sPort, routerPort } = options;
  for (const port of [s2sPort, c2sPort, routerPort]) await requireFree(address, port);
  const work = await makeWorkFolder();
  await writeWorkFolder(work, options);
  const processes: PeerProcess[] = [];
  const stop = async () => {
    for (const process of [...processes].reverse()) await process.stop();
    await rm(work, { recursive: true, force: true });
  };
  try {
    for (const [program, ready] of PROGRAMS) {
      const process = new PeerProcess(peerRoot(), {
        name: `jabberd2 ${program} of ${domain}`,
        work,
        command: [`jabberd2-${program}`, "-c", `/peer/${program}.xml`],
      });
      processes.push(process);
      await process.waitForLog(ready);
    }
    // What binds last tells the router so.
    await processes[0]?.waitForLog(/\[c2s\] online/);
  } catch (error) {
    await stop();
    throw error;
  }
  return { domain, address, s2sPort, c2sPort, processes, stop };
}

/** In the order in which they need each other, with what each says when it serves. */
const PROGRAMS: readonly (readonly [string, RegExp])[] = [
  ["router", /listening for incoming connections/],
  ["sm", /ready for sessions/],
  ["s2s", /ready for connections/],
  ["c2s", /listening for connections/],
];

async function writeWorkFolder(work: string, options: Jabberd2Options): Promise<void> {
  const { certificates, resolver } = options;
  await mkdir(join(work, "storage"));
  await writeFile(join(work, "domain.pem"), certificates.certPem + certificates.keyPem, { mode: 0o600 });
  await writeFile(join(work, "ca.pem"), certificates.caPem);
  await writeFile(join(work, "resolv.conf"), `nameserver ${resolver}\n`);
  await writeFile(join(work, "filter.xml"), "<filter/>\n");
  await writeFile(join(work, "accounts.sh"), accountsProgram(options), { mode: 0o755 });
  await writeFile(
    join(work, "users.xml"),
    "<users><user><name>jabberd</name><secret>of the router</secret></user></users>\n",
  );
  const files = { router: router(options), sm: sessions(options), s2s: servers(options), c2s: clients(options) };
  for (const [name, lines] of Object.entries(files)) await writeFile(join(work, `${name}.xml`), lines.join("\n"));
}

/** Asked by its module `pipe` about users, a line a question; on every domain it has the same ones. */
const accountsProgram = ({ accounts }: Jabberd2Options) => `#!/bin/sh
echo "OK USER-EXISTS CHECK-PASSWORD FREE"
while read -r question user password realm; do
  case "$question $user $password" in
${accounts.map((account) => `    "USER-EXISTS ${account} "* | "CHECK-PASSWORD ${account} ${ENCODED_PASSWORD}") echo OK ;;`).join("\n")}
    FREE*) exit 0 ;;
    *) echo NO ;;
  esac
done
`;
const ENCODED_PASSWORD = Buffer.from(accountPassword).toString("base64");

const domainsOf = ({ domain, additionalDomains = [] }: Jabberd2Options) => [domain, ...additionalDomains];
const LOG = "<log type='stdout'/>";
const MODULES = "/usr/lib/x86_64-linux-gnu/jabberd2";
const toRouter = ({ address, routerPort }: Jabberd2Options) =>
  `<router><ip>${address}</ip><port>${routerPort}</port><user>jabberd</user><pass>of the router</pass></router>`;

const router = ({ address, routerPort }: Jabberd2Options) => [
  `<router><id>router</id>${LOG}`,
  `<local><ip>${address}</ip><port>${routerPort}</port><users>/peer/users.xml</users></local>`,
  "<aci><acl type='all'><user>jabberd</user></acl><filter>/peer/filter.xml</filter></aci>",
  "</router>",
];

/** What its packaged configuration loads, without what the tests have no use for. */
const CHAINS: Readonly<Record<string, readonly string[]>> = {
  "sess-start": ["status"],
  "sess-end": ["status"],
  "in-sess": ["validate", "status", "roster", "iq-ping", "disco", "offline", "presence", "deliver"],
  "in-router": ["session", "validate", "presence"],
  "pkt-sm": ["iq-ping", "iq-version", "disco", "status", "presence"],
  "pkt-user": ["roster", "presence", "disco", "deliver", "offline"],
  "pkt-router": ["session", "disco"],
  "user-load": ["active", "roster"],
  "user-create": ["active"],
  "user-delete": ["active", "offline", "roster", "status"],
  "disco-extend": ["iq-version"],
};

const sessions = (options: Jabberd2Options) => [
  `<sm><id>sm</id>${toRouter(options)}${LOG}`,
  `<local>${domainsOf(options)
    .map((domain) => `<id>${domain}</id>`)
    .join("")}</local>`,
  `<storage><path>${MODULES}</path><driver>db</driver><db><path>/peer/storage</path></db></storage>`,
  "<aci/>",
  `<modules><path>${MODULES}</path>`,
  ...Object.entries(CHAINS).map(
    ([chain, modules]) =>
      `<chain id='${chain}'>${modules.map((module) => `<module>${module}</module>`).join("")}</chain>`,
  ),
  "</modules>",
  "<discovery><identity><category>server</category><type>im</type><name>jabberd2</name></identity></discovery>",
  "<user><auto-create/></user>",
  "</sm>",
];

const servers = (options: Jabberd2Options) => [
  `<s2s><id>s2s</id>${toRouter(options)}${LOG}`,
  `<local><ip>${options.address}</ip><port>${options.s2sPort}</port>`,
  "<pemfile>/peer/domain.pem</pemfile><cachain>/peer/ca.pem</cachain></local>",
  "<io><max_fds>1024</max_fds></io>",
  "<check><interval>60</interval><queue>60</queue></check>",
  "<lookup><srv>xmpp-server</srv></lookup>",
  "</s2s>",
];

const clients = (options: Jabberd2Options) => [
  `<c2s><id>c2s</id>${toRouter(options)}${LOG}`,
  `<local>${domainsOf(options)
    .map((domain) => `<id>${domain}</id>`)
    .join("")}`,
  `<ip>${options.address}</ip><port>${options.c2sPort}</port></local>`,
  "<io><max_fds>1024</max_fds><limits><stanzas>0</stanzas></limits></io>",
  `<authreg><path>${MODULES}</path><module>pipe</module><pipe><exec>/peer/accounts.sh</exec></pipe>`,
  "<mechanisms><sasl><plain/></sasl></mechanisms></authreg>",
  "</c2s>",
];
