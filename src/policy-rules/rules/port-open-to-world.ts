import type { FirewallRule } from "../../definition";
import type { Plan, PlannedResource, PlanValue } from "../plan";
import type { PlanRule, Violation } from "../rule";

/** A way in, as whichever resource states it. */
interface Opening {
  readonly protocol: string;
  readonly ports: readonly [number, number];
  readonly ranges: readonly string[];
}

/** IANA protocol numbers, which EC2 takes as well as names. */
const PROTOCOLS: { readonly [number: string]: string } = { "1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6" };

/** Shorter prefixes cover so much that they count as the world, also where it is put together out of halves. */
const WORLD = { 4: 8, 6: 16 };

export const portOpenToWorld: PlanRule = {
  id: "port-open-to-world",
  severity: "error",
  title: "the world reaches the ports and ICMP types that the definition asks for, and no other",
  remedy: "remove the rule, or name the addresses that need it; what the gateway needs follows from the definition",
  check: ({ resources, admitted }) =>
    resources.flatMap((resource) => [
      ...unknownOpening(resource),
      ...openings(resource).flatMap(judge(resource, admitted)),
    ]),
};

const judge =
  ({ address }: PlannedResource, admitted: Plan["admitted"]) =>
  ({ protocol, ports, ranges }: Opening): Violation[] =>
    ranges
      .filter((range) => isWorld(range) && !admitted.some((rule) => isSame(rule, protocol, ports)))
      .map((range) => ({
        address,
        found: `${protocol} ${ports.join("-")} from ${range}`,
        expected: admitted.length === 0 ? "nothing: the plan holds no gateway document" : expected(admitted),
      }));

const expected = (admitted: readonly FirewallRule[]): string =>
  `only ${[...new Set(admitted.map(({ protocol, ports }) => `${protocol} ${ports.join("-")}`))].join(", ")}`;

const isSame = (rule: FirewallRule, protocol: string, ports: readonly [number, number]): boolean =>
  rule.protocol === protocol && rule.ports[0] === ports[0] && rule.ports[1] === ports[1];

function isWorld(range: string): boolean {
  const [address = "", length] = range.split("/");
  return Number(length ?? Number.POSITIVE_INFINITY) < WORLD[address.includes(":") ? 6 : 4];
}

function openings({ type, values }: PlannedResource): Opening[] {
  switch (type) {
    case "aws_vpc_security_group_ingress_rule":
      return [opening(values.ip_protocol, values.from_port, values.to_port, [values.cidr_ipv4, values.cidr_ipv6])];
    case "aws_security_group_rule":
      return values.type === "ingress" ? [blockOpening(values)] : [];
    case "aws_security_group":
    case "aws_default_security_group":
      return members(values.ingress).map(blockOpening);
    case "aws_ec2_managed_prefix_list":
      return [
        opening(
          "-1",
          0,
          0,
          members(values.entry).map(({ cidr }) => cidr),
        ),
      ];
    default:
      return [];
  }
}

type Members = { readonly [name: string]: PlanValue };

const blockOpening = (values: Members): Opening =>
  opening(values.protocol, values.from_port, values.to_port, [
    ...texts(values.cidr_blocks),
    ...texts(values.ipv6_cidr_blocks),
  ]);

function opening(
  protocol: PlanValue | undefined,
  from: PlanValue | undefined,
  to: PlanValue | undefined,
  ranges: readonly (PlanValue | undefined)[],
): Opening {
  const name = String(protocol ?? "-1").toLowerCase();
  const number = (value: PlanValue | undefined) => Number(value ?? -1);
  return {
    protocol: name === "-1" || name === "all" ? "everything" : (PROTOCOLS[name] ?? name),
    ports: [number(from), number(to)],
    ranges: ranges.filter((range) => typeof range === "string"),
  };
}

/** A range that is known only after the deploy could be the world's. */
function unknownOpening({ address, type, unknown }: PlannedResource): Violation[] {
  const isIn = type === "aws_vpc_security_group_ingress_rule" || type === "aws_security_group_rule";
  const hidden = unknown.filter((name) => /^(cidr_|ipv6_cidr_|ip_protocol|protocol|from_port|to_port)/.test(name));
  if (!isIn || hidden.length === 0) return [];
  return [{ address, found: `${hidden.join(", ")} not known yet`, expected: "a known range", unjudged: true }];
}

const members = (value: PlanValue | undefined): Members[] =>
  Array.isArray(value) ? value.filter((one): one is Members => typeof one === "object" && one !== null) : [];

const texts = (value: PlanValue | undefined): string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];
