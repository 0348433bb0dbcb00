import { RegistryError } from "./registry-error";

/** A repository of a registry. */
export interface Repository {
  /** As users write it: `registry.example:5000/edge/gateway`. */
  readonly text: string;
  /** Name or address, with the port where one is given; what credentials are kept under. */
  readonly host: string;
  /** Where its API is: another host for Docker Hub alone. */
  readonly apiHost: string;
  /** `edge/gateway` */
  readonly name: string;
  /** On this very machine: reached without TLS where it speaks none. */
  readonly loopback: boolean;
}

/** As the distribution specification has names; and a host that cannot be the first part of a name. */
const NAME = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const HOST =
  /^(?:localhost|\[[0-9a-f:]{2,39}\]|(?=[a-z0-9.-]*[.:])[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*)(?::\d{1,5})?$/i;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const LONGEST = 255;

/** @throws RegistryError `repository-invalid` */
export function parseRepository(text: string): Repository {
  const [host = "", ...path] = text.split("/");
  const name = path.join("/");
  if (/^[a-z]+:\/\//i.test(text)) throw invalid(text, "leave the scheme out");
  if (text.includes("@") || /:[^/]*$/.test(name)) throw invalid(text, "leave tag and digest out; a tag goes by --tag");
  if (text.length > LONGEST || !HOST.test(host) || !NAME.test(name) || !validPort(host))
    throw invalid(
      text,
      "names are of small letters and digits, with '.', '_', '-' between them, and '/' between parts",
    );
  return {
    text,
    host,
    apiHost: host === "docker.io" ? "registry-1.docker.io" : host,
    name: host === "docker.io" && path.length === 1 ? `library/${name}` : name,
    loopback: isLoopback(hostNameOf(host)),
  };
}

/** @throws RegistryError `repository-invalid` */
export function requireTag(tag: string): string {
  if (TAG.test(tag)) return tag;
  throw new RegistryError(
    "repository-invalid",
    `the tag is ${JSON.stringify(tag.slice(0, 140))}`,
    "at most 128 letters, digits, '.', '_' and '-', the first not '.' or '-'",
    "give another tag",
  );
}

/** Whether a host, as a URL has it, can only be this machine. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}

const hostNameOf = (host: string) => host.replace(/:\d{1,5}$/, "").toLowerCase();

const validPort = (host: string) => Number(/:(\d{1,5})$/.exec(host.replace(/^\[.*\]/, ""))?.[1] ?? 443) <= 65535;

function invalid(text: string, remedy: string): RegistryError {
  return new RegistryError(
    "repository-invalid",
    `the repository is ${JSON.stringify(text.slice(0, 300))}`,
    "host[:port]/name, such as registry.example/edge/gateway",
    remedy,
  );
}
