import type { CommandModule } from "./context";

/** A subcommand as the overview names it; its module is loaded only when it is used. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly module?: () => CommandModule;
  readonly children?: readonly CommandEntry[];
  /** Not shown: for processes of our own. */
  readonly hidden?: true;
}

/** Every subcommand, in the order of the overview. A new one is one line here and one file beside this. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "check",
    summary: "check a definition: everything that is wrong with it, at once",
    module: () => require("./check"),
  },
  {
    name: "facts",
    summary: "print what follows from a definition: records, names, rules, policy",
    module: () => require("./facts"),
  },
  { name: "explain", summary: "explain what a definition means for one partner", module: () => require("./explain") },
  { name: "diff", summary: "say in words what another definition changes", module: () => require("./diff") },
  { name: "schema", summary: "print the JSON Schema of definitions", module: () => require("./schema") },
  {
    name: "dns",
    summary: "the DNS records of a definition",
    children: [
      { name: "zone", summary: "print the records as zone file lines", module: () => require("./dns-zone") },
      {
        name: "verify",
        summary: "compare what the servers answer with the definition",
        module: () => require("./dns-verify"),
      },
      {
        name: "diff",
        summary: "show the records that are published and not declared, and the other way round",
        module: () => require("./dns-diff"),
      },
      {
        name: "plan",
        summary: "the safe order and times of a change, from the TTLs that are published",
        module: () => require("./dns-plan"),
      },
      {
        name: "publish",
        summary: "publish the records of a definition where its dns says",
        module: () => require("./dns-publish"),
      },
      {
        name: "explain",
        summary: "say what a check finds, why it matters and what to do",
        module: () => require("./dns-explain"),
      },
      {
        name: "schema",
        summary: "print the JSON Schema of `dns verify --json`",
        module: () => require("./dns-schema"),
      },
    ],
  },
  {
    name: "certificate",
    summary: "request, import and assign the certificate of a definition",
    children: [
      {
        name: "plan",
        summary: "what the certificate will hold and why, and what is due",
        module: () => require("./certificate/plan"),
      },
      {
        name: "request",
        summary: "make a key and a request for a CA",
        module: () => require("./certificate/request"),
      },
      { name: "import", summary: "take a CA's reply into the store", module: () => require("./certificate/import") },
      {
        name: "assign",
        summary: "make a certificate of the store live",
        module: () => require("./certificate/assign"),
      },
      {
        name: "roll-back",
        summary: "make the certificate live that was before",
        module: () => require("./certificate/roll-back"),
      },
      {
        name: "history",
        summary: "list open requests, certificates and what was live when",
        module: () => require("./certificate/history"),
      },
      {
        name: "export",
        summary: "write a certificate with its key for use elsewhere",
        module: () => require("./certificate/export"),
      },
      {
        name: "lab-ca",
        summary: "make a certificate of a CA for tests, and make it live",
        module: () => require("./certificate/lab-ca"),
      },
      {
        name: "acme",
        summary: "obtain or renew the certificate by ACME",
        module: () => require("./certificate/acme"),
      },
      {
        name: "acm",
        summary: "export the certificate out of AWS Certificate Manager",
        module: () => require("./certificate/acm"),
      },
      {
        name: "check",
        summary: "check a certificate: a file, a live port, or those of all partners",
        module: () => require("./certificate/check"),
      },
    ],
  },
  {
    name: "plan",
    summary: "hold a stack's plan to rules, with or without a cloud",
    module: () => require("./plan"),
  },
  { name: "run", summary: "run the gateway of a definition or document", module: () => require("./run") },
  {
    name: "status",
    summary: "show a running gateway: streams, queues, certificates, what failed last",
    module: () => require("./status"),
  },
  {
    name: "trace",
    summary: "watch the streams with one partner as they happen, bodies and secrets hidden",
    module: () => require("./trace"),
  },
  {
    name: "ping",
    summary: "ask a partner's server for one of its users, through a running gateway",
    module: () => require("./ping"),
  },
  {
    name: "state",
    summary: "back up and restore what a gateway keeps",
    children: [
      {
        name: "backup",
        summary: "back the state up into one file, while the gateway runs or not",
        module: () => require("./state/backup"),
      },
      {
        name: "restore",
        summary: "put a backup in the place of the state; the gateway must not run",
        module: () => require("./state/restore"),
      },
    ],
  },
  {
    name: "host",
    summary: "processes that run starts beside the gateway",
    hidden: true,
    children: [
      {
        name: "fetch-document",
        summary: "fetch run's document out of S3 and tell run of each change; run starts it",
        module: () => require("./host/fetch-document"),
      },
      {
        name: "ship-log",
        summary: "ship run's log and metrics to CloudWatch Logs; run starts it",
        module: () => require("./host/ship-log"),
      },
    ],
  },
  {
    name: "image",
    summary: "the gateway's image: build it, look into it, push it, run it, renew its parts",
    children: [
      { name: "build", summary: "build the gateway's image into a directory", module: () => require("./image/build") },
      {
        name: "inspect",
        summary: "show what is in a built image, and compare every digest",
        module: () => require("./image/inspect"),
      },
      {
        name: "push",
        summary: "push a built image to a registry: only what it has not",
        module: () => require("./image/push"),
      },
      {
        name: "run",
        summary: "run the image on this machine under podman or docker",
        module: () => require("./image/run"),
      },
      {
        name: "lock",
        summary: "check that the image's parts are still to be had, or renew them",
        module: () => require("./image/lock"),
      },
    ],
  },
  {
    name: "provider",
    summary: "the Terraform provider of deploys",
    children: [
      {
        name: "install",
        summary: "lay the Terraform provider into a stack",
        module: () => require("./provider/install"),
      },
    ],
  },
  { name: "up", summary: "run edges on this machine and send messages through them", module: () => require("./up") },
];
