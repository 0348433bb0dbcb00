import { isIP } from "node:net";
import { comparable } from "../resolver/names";

/** Where to connect in place of a host's port: for tests, and for networks where the published address is not reached. */
export interface ConnectTo {
  /** The host whose connections go elsewhere, in lower case; empty for every host. */
  readonly host: string;
  /** 0 for every port. */
  readonly port: number;
  readonly to: { readonly address: string; readonly port: number };
}

/** Reads `HOST:PORT:ADDRESS:PORT`, as curl's option of that name has it; undefined where the text is not that. */
export function parseConnectTo(text: string): ConnectTo | undefined {
  const [, host, port, bracketed, plain, toPort] =
    /^([^:]*):(\d{0,5}):(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)):(\d{1,5})$/.exec(text) ?? [];
  const address = bracketed ?? plain ?? "";
  const ports = [Number(port || 0), Number(toPort)];
  if (host === undefined || isIP(address) === 0 || ports.some((one) => one > 65_535) || ports[1] === 0)
    return undefined;
  return { host: comparable(host), port: ports[0]!, to: { address, port: ports[1]! } };
}

/** Where the connections to a host's port go instead; undefined where they go where the DNS leads. */
export const insteadOf = (host: string, port: number, rules: readonly ConnectTo[]): ConnectTo["to"] | undefined =>
  rules.find((rule) => (rule.host === "" || rule.host === comparable(host)) && (rule.port === 0 || rule.port === port))
    ?.to;
