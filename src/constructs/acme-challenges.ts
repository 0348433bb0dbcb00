import { ConstructError } from "./construct-error";
import type { PolicyStatement } from "./policy-statement";

/** Names below which a certificate authority looks for proof (RFC 8555 section 8.4), and where they are published. */
export interface AcmeChallenges {
  /** Ids of the Route 53 zones that hold the names. */
  readonly zoneIds: readonly string[];
  /** The names, such as `_acme-challenge.contoso.example`. */
  readonly names: readonly string[];
}

/** Inline policies of a role have 10,240 characters in all (IAM quotas); the host's other grants need the rest. */
const MAXIMUM_POLICY = 8192;
const CHANGE = "route53:ChangeResourceRecordSets";

/** The name at which the proof for a certificate's name is published; a wildcard's is its parent's. */
export const challengeName = (name: string): string => `_acme-challenge.${name.replace(/^\*\./, "")}`;

/**
 * What answering the challenges takes: TXT records of exactly these names may be made and removed. Whoever takes the
 * host over cannot touch another record of the zone.
 * @throws ConstructError where the names do not fit a role's policy
 */
export function challengeStatements({ zoneIds, names }: AcmeChallenges, partition: string): PolicyStatement[] {
  const zones = zoneIds.map((zoneId) => `arn:${partition}:route53:::hostedzone/${zoneId}`);
  const statements: PolicyStatement[] = [
    {
      Sid: "AnswerChallenges",
      Effect: "Allow",
      Action: [CHANGE],
      Resource: zones,
      Condition: {
        "ForAllValues:StringEquals": {
          [`${CHANGE}NormalizedRecordNames`]: names.map((name) => name.toLowerCase()),
          [`${CHANGE}RecordTypes`]: ["TXT"],
          [`${CHANGE}Actions`]: ["CREATE", "DELETE"],
        },
        // ForAllValues holds for a request without these keys, too.
        Null: {
          [`${CHANGE}NormalizedRecordNames`]: "false",
          [`${CHANGE}RecordTypes`]: "false",
          [`${CHANGE}Actions`]: "false",
        },
      },
    },
    // Records are read before they are changed, so that nobody else's are lost.
    { Sid: "ReadChallengeZones", Effect: "Allow", Action: ["route53:ListResourceRecordSets"], Resource: zones },
    { Sid: "FindZones", Effect: "Allow", Action: ["route53:ListHostedZonesByName"], Resource: "*" },
    {
      Sid: "AwaitChanges",
      Effect: "Allow",
      Action: ["route53:GetChange"],
      Resource: `arn:${partition}:route53:::change/*`,
    },
  ];
  const { length } = JSON.stringify(statements);
  if (length > MAXIMUM_POLICY)
    throw new ConstructError(
      "EdgeCertificate",
      "definition",
      `has ${names.length} certificate names, whose right takes ${length} characters of a role's policy`,
      "make the _acme-challenge names CNAMEs into a zone of their own and give challenges: { zoneId, names } with fewer names",
    );
  return statements;
}
