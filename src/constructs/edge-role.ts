import { IamInstanceProfile } from "@cdktf/provider-aws/lib/iam-instance-profile";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { Lazy } from "cdktf";
import { Construct } from "constructs";
import { type IGrantee, type PolicyStatement, policyDocument } from "./policy-statement";

/** The role of an edge host. It starts with nothing and holds exactly what was granted to it. */
export class EdgeRole extends Construct implements IGrantee {
  readonly role: IamRole;
  readonly policy: IamRolePolicy;
  readonly profile: IamInstanceProfile;
  private readonly statements: PolicyStatement[] = [];

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.role = new IamRole(this, "role", {
      namePrefix: "xmpp-edge-",
      assumeRolePolicy: policyDocument([
        { Sid: "EdgeHost", Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: ["sts:AssumeRole"] },
      ]),
    });
    this.policy = new IamRolePolicy(this, "policy", {
      namePrefix: "gateway-",
      role: this.role.name,
      policy: Lazy.stringValue({ produce: () => policyDocument(this.statements) }),
    });
    this.profile = new IamInstanceProfile(this, "profile", { namePrefix: "xmpp-edge-", role: this.role.name });
    this.node.addValidation({
      validate: () =>
        this.statements.length > 0 ? [] : ["EdgeRole: nothing was granted; grant something or leave the role out"],
    });
  }

  allow(...statements: readonly PolicyStatement[]): void {
    this.statements.push(...statements);
  }
}
