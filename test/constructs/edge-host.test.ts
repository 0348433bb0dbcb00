import { describe, expect, test } from "@jest/globals";
import { type EdgeInput, facts } from "xmpp-edge";
import { EdgeHost, type EdgeHostProps, EdgeNetwork, GatewayImage, type PolicyStatement } from "xmpp-edge/constructs";
import { contoso } from "./definitions";
import { type Stack, synthesised } from "./synthesised";

const IMAGE = `123456789012.dkr.ecr.eu-central-1.amazonaws.com/xmpp-edge@sha256:${"a".repeat(64)}`;
const NOTHING = { certificateArn: undefined, grantObtain: () => [] };
const READ: PolicyStatement = {
  Sid: "ReadPartners",
  Effect: "Allow",
  Action: ["s3:GetObject"],
  Resource: "arn:aws:s3:::bucket/key",
};
const PARTNERS: EdgeHostProps["partners"] = {
  location: "s3://bucket/key",
  region: "eu-central-1",
  grantRead: (grantee) => {
    grantee.allow(READ);
    return [READ];
  },
};

const placed = (changes: Partial<EdgeInput> = {}, props: Partial<EdgeHostProps> = {}): Stack =>
  synthesised((stack) => {
    const image = GatewayImage.fromReference(IMAGE);
    new EdgeHost(stack, "host", {
      facts: facts(contoso(changes)),
      image,
      partners: PARTNERS,
      certificate: NOTHING,
      ...props,
    });
  });

const policy = (stack: Stack): PolicyStatement[] =>
  JSON.parse(String(stack.only("aws_iam_role_policy").policy)).Statement;

describe("an edge host's addresses", () => {
  test("belong to its interface, and the instance takes the interface", () => {
    const stack = placed();
    expect(stack.only("aws_eip_association")).toMatchObject({
      allocation_id: expect.stringContaining("aws_eip."),
      network_interface_id: expect.stringContaining("aws_network_interface."),
    });
    expect(stack.only("aws_network_interface")).toMatchObject({ ipv6_address_count: 1 });
    const instance = stack.only("aws_instance");
    expect(instance.primary_network_interface).toEqual({
      network_interface_id: expect.stringContaining("aws_network_interface."),
    });
    for (const own of ["subnet_id", "ipv6_address_count", "associate_public_ip_address", "vpc_security_group_ids"]) {
      expect(instance).not.toHaveProperty(own);
    }
  });

  test("are there before the first boot", () => {
    expect(placed().only("aws_instance").depends_on).toEqual([expect.stringContaining("aws_eip_association.")]);
  });

  test("are the declared ones where some are declared", () => {
    const stack = placed({ accessEdge: { fqdn: "sip.contoso.example", addresses: ["198.51.100.7", "2001:db8::7"] } });
    expect(stack.all("aws_eip")).toEqual([]);
    expect(stack.only("data.aws_eip")).toMatchObject({ public_ip: "198.51.100.7" });
    expect(stack.only("aws_network_interface")).toMatchObject({ ipv6_addresses: ["2001:db8::7"] });
    expect(stack.only("aws_network_interface")).not.toHaveProperty("ipv6_address_count");
  });

  test.each([
    [
      "two of a family",
      ["198.51.100.7", "198.51.100.8"],
      /accessEdge\.addresses has 2 IPv4 addresses.*one host has one of each family/,
    ],
    ["no IPv4 address", ["2001:db8::7"], /accessEdge\.addresses has no IPv4 address; add the Elastic IP/],
  ])("%s are refused", (_, addresses, message) => {
    expect(() => placed({ accessEdge: { fqdn: "sip.contoso.example", addresses } })).toThrow(message);
  });
});

describe("an edge host's firewall", () => {
  test("admits what the facts say, in both families, each by a rule of its own", () => {
    const stack = placed();
    const inbound = stack.all("aws_vpc_security_group_ingress_rule");
    expect(
      inbound.map(({ ip_protocol, from_port, to_port, cidr_ipv4, cidr_ipv6 }) => [
        ip_protocol,
        from_port,
        to_port,
        cidr_ipv4 ?? cidr_ipv6,
      ]),
    ).toEqual(
      expect.arrayContaining([
        ["tcp", 5269, 5269, "0.0.0.0/0"],
        ["tcp", 5269, 5269, "::/0"],
        ["icmp", 3, 4, "0.0.0.0/0"],
        ["icmpv6", 2, 0, "::/0"],
      ]),
    );
    expect(inbound).toHaveLength(4);
    expect(stack.only("aws_security_group")).not.toHaveProperty("ingress");
    expect(stack.only("aws_security_group")).not.toHaveProperty("egress");
  });

  test("lets out TCP and DNS", () => {
    const outbound = placed().all("aws_vpc_security_group_egress_rule");
    expect(
      outbound
        .map(({ ip_protocol, from_port, to_port, cidr_ipv4, cidr_ipv6 }) => [
          ip_protocol,
          from_port,
          to_port,
          cidr_ipv4 ?? cidr_ipv6,
        ])
        .sort(),
    ).toEqual([
      ["tcp", 1, 65535, "0.0.0.0/0"],
      ["tcp", 1, 65535, "::/0"],
      ["udp", 53, 53, "0.0.0.0/0"],
      ["udp", 53, 53, "::/0"],
    ]);
  });

  test("has no way in for SSH", () => {
    const rules = placed()
      .all("aws_vpc_security_group_ingress_rule")
      .filter(({ ip_protocol }) => ip_protocol === "tcp");
    expect(rules.every(({ from_port, to_port }) => (from_port as number) > 22 || (to_port as number) < 22)).toBe(true);
  });

  test("describes its rules in the characters that EC2 takes", () => {
    const stack = placed();
    for (const { description } of [
      ...stack.all("aws_vpc_security_group_ingress_rule"),
      ...stack.all("aws_vpc_security_group_egress_rule"),
    ]) {
      expect(description).toMatch(/^[a-zA-Z0-9 ._\-:/()#,@[\]+=&;{}!$*]{1,255}$/);
    }
  });
});

describe("an edge host's instance", () => {
  test("is hardened", () => {
    const instance = placed().only("aws_instance");
    expect(instance).toMatchObject({
      metadata_options: { http_tokens: "required", http_put_response_hop_limit: 1 },
      root_block_device: { encrypted: true },
    });
    expect(instance).not.toHaveProperty("key_name");
  });

  test("is replaced when what it runs changes", () => {
    expect(placed().only("aws_instance")).toMatchObject({
      user_data_replace_on_change: true,
      user_data: expect.stringContaining(IMAGE),
    });
  });

  test.each([
    ["t4g.small", "arm64", { cpu_credits: "standard" }],
    ["t3.small", "amd64", { cpu_credits: "standard" }],
    ["c7gn.large", "arm64", undefined],
    ["m7i-flex.large", "amd64", undefined],
  ])("%s runs Debian for %s", (instanceType, architecture, credits) => {
    const stack = placed({}, { instanceType });
    expect(stack.only("data.aws_ssm_parameter").name).toBe(`/aws/service/debian/release/12/latest/${architecture}`);
    expect(stack.only("aws_instance").credit_specification).toEqual(credits);
    expect(stack.only("aws_instance").lifecycle).toEqual({ ignore_changes: ["ami"] });
  });

  test("runs the machine image that is named", () => {
    const stack = placed({}, { machineImageId: "ami-0123456789abcdef0" });
    expect(stack.only("aws_instance").ami).toBe("ami-0123456789abcdef0");
    expect(stack.only("aws_instance")).not.toHaveProperty("lifecycle");
    expect(stack.all("data.aws_ssm_parameter")).toEqual([]);
  });

  test("is recovered from broken hardware and restarted from a hung kernel", () => {
    const alarms = placed({}, { alarmTopicArn: "arn:aws:sns:eu-central-1:123456789012:edge" }).all(
      "aws_cloudwatch_metric_alarm",
    );
    const actions = Object.fromEntries(alarms.map(({ metric_name, alarm_actions }) => [metric_name, alarm_actions]));
    expect(actions).toMatchObject({
      StatusCheckFailed_System: [expect.stringMatching(/:ec2:recover$/), "arn:aws:sns:eu-central-1:123456789012:edge"],
      StatusCheckFailed_Instance: [expect.stringMatching(/:ec2:reboot$/), "arn:aws:sns:eu-central-1:123456789012:edge"],
    });
    const checks = alarms.filter(({ namespace }) => namespace === "AWS/EC2");
    expect(checks.map(({ treat_missing_data }) => treat_missing_data)).toEqual(["breaching", "breaching"]);
  });

  test("is watched for a gateway that answers nobody and a certificate that ends", () => {
    const topic = "arn:aws:sns:eu-central-1:123456789012:edge";
    const alarms = placed({}, { alarmTopicArn: topic, certificateAlarmDays: 20 }).all("aws_cloudwatch_metric_alarm");
    const of = (metric: string) => alarms.find(({ metric_name }) => metric_name === metric);
    expect(of("Accepting")).toMatchObject({
      namespace: "xmpp-edge",
      dimensions: { edge: "contoso" },
      statistic: "Minimum",
      comparison_operator: "LessThanThreshold",
      threshold: 1,
      treat_missing_data: "breaching",
      alarm_actions: [topic],
    });
    expect(of("CertificateDaysLeft")).toMatchObject({
      namespace: "xmpp-edge",
      dimensions: { edge: "contoso" },
      comparison_operator: "LessThanThreshold",
      threshold: 20,
      alarm_actions: [topic],
    });
  });
});

describe("an edge host's role", () => {
  test("holds what was granted and nothing else", () => {
    const image = GatewayImage.fromReference(IMAGE);
    const expected = [
      ...image.grantPull({ allow: () => {} }),
      READ,
      {
        Sid: "ShipLogs",
        Effect: "Allow",
        Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
        Resource: expect.stringMatching(/^\$\{aws_cloudwatch_log_group\.\w+\.arn\}:log-stream:\*$/),
      },
    ];
    expect(policy(placed())).toEqual(expected);
  });

  test("holds no wildcard but for the action that has no resource, and the streams of its own log", () => {
    for (const { Action, Resource } of policy(placed())) {
      expect(Action.filter((action) => action.includes("*"))).toEqual([]);
      if (Resource === "*") expect(Action).toEqual(["ecr:GetAuthorizationToken"]);
      else if (String(Resource).includes("*")) expect(Resource).toMatch(/_log_group\.\w+\.arn\}:log-stream:\*$/);
    }
  });

  test("ships its log to a group of its own, which keeps it for 90 days", () => {
    const stack = placed();
    expect(stack.only("aws_cloudwatch_log_group")).toMatchObject({
      name_prefix: "/xmpp-edge/contoso-",
      retention_in_days: 90,
      skip_destroy: true,
    });
    expect(stack.only("aws_instance").user_data).toMatch(/--log-group \$\{aws_cloudwatch_log_group\.\w+\.name\}/);
  });

  test("runs with what its certificate wants it to be told", () => {
    const certificate = { ...NOTHING, hostEnvironment: { XMPP_EDGE_ACME_AGREE_TERMS: "true" } };
    expect(placed({}, { certificate }).only("aws_instance").user_data).toContain(
      "--env XMPP_EDGE_ACME_AGREE_TERMS=true",
    );
  });

  test("may export the certificate where that is in ACM, which the host is told", () => {
    const EXPORT: PolicyStatement = {
      Sid: "Export",
      Effect: "Allow",
      Action: ["acm:ExportCertificate"],
      Resource: "arn:certificate",
    };
    const stack = placed(
      {},
      {
        certificate: {
          certificateArn: "arn:certificate",
          grantObtain: (grantee) => {
            grantee.allow(EXPORT);
            return [EXPORT];
          },
        },
      },
    );
    expect(policy(stack)).toContainEqual(EXPORT);
    expect(stack.only("aws_instance").user_data).toContain("--env XMPP_EDGE_CERTIFICATE_ARN=arn:certificate");
  });

  test("is for EC2 alone", () => {
    const { Statement } = JSON.parse(String(placed().only("aws_iam_role").assume_role_policy));
    expect(Statement).toEqual([
      expect.objectContaining({ Principal: { Service: "ec2.amazonaws.com" }, Action: ["sts:AssumeRole"] }),
    ]);
  });
});

describe("an edge host's state", () => {
  test("is on an encrypted volume where the host is", () => {
    const stack = placed({}, { dataVolumeSize: 40 });
    expect(stack.only("aws_ebs_volume")).toMatchObject({
      size: 40,
      encrypted: true,
      availability_zone: expect.stringMatching(/aws_subnet\.\w+\.availability_zone/),
    });
    expect(stack.only("aws_volume_attachment")).toMatchObject({ stop_instance_before_detaching: true });
  });

  test.each([
    ["retain", true],
    ["destroy", false],
  ] as const)("removal %s", (removal, prevent_destroy) => {
    const stack = placed({}, { removal });
    for (const type of ["aws_eip", "aws_network_interface", "aws_ebs_volume"]) {
      expect(stack.only(type).lifecycle).toEqual({ prevent_destroy });
    }
  });
});

describe("an edge host's network", () => {
  test("is its own, with both families and no translation between", () => {
    const stack = placed();
    expect(stack.only("aws_vpc")).toMatchObject({ assign_generated_ipv6_cidr_block: true });
    expect(
      stack
        .all("aws_route")
        .map(
          ({ destination_cidr_block, destination_ipv6_cidr_block }) =>
            destination_cidr_block ?? destination_ipv6_cidr_block,
        )
        .sort(),
    ).toEqual(["0.0.0.0/0", "::/0"]);
    expect(stack.all("aws_nat_gateway")).toEqual([]);
  });

  test("may be a subnet that is there", () => {
    const stack = synthesised((scope) => {
      const network = EdgeNetwork.fromSubnetId(scope, "subnet", "subnet-0123456789abcdef0");
      const image = GatewayImage.fromReference(IMAGE);
      new EdgeHost(scope, "host", {
        facts: facts(contoso()),
        image,
        partners: PARTNERS,
        certificate: NOTHING,
        network,
      });
    });
    expect(stack.all("aws_vpc")).toEqual([]);
    expect(stack.only("aws_network_interface").subnet_id).toBe("subnet-0123456789abcdef0");
    expect(stack.only("aws_ebs_volume").availability_zone).toMatch(/data\.aws_subnet\.subnet\.availability_zone/);
  });
});
