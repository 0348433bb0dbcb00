import { type AwsAnswer, type AwsCall, type AwsService, jsonAnswer, jsonRefusal, operationOf } from "./service";

/** A stand-in for the one call of Amazon ECR's own API that a push or pull takes: the token for its registry. */
export class EcrStandIn implements AwsService {
  readonly name = "ecr";
  /** The password that the registry behind it takes from the user `AWS`. */
  password = "stand-in-token";
  /** When tokens end, ms since the epoch. */
  expiresAt = () => Date.now() + 12 * 3_600_000;

  /** @param registry address of the registry, https:// or, on loopback, http:// */
  constructor(readonly registry: string) {}

  answer(call: AwsCall): AwsAnswer {
    if (operationOf(call) !== "GetAuthorizationToken")
      return this.refuse(400, "UnknownOperationException", "the stand-in does not play this call");
    const authorizationToken = Buffer.from(`AWS:${this.password}`).toString("base64");
    return jsonAnswer({
      authorizationData: [{ authorizationToken, expiresAt: this.expiresAt() / 1000, proxyEndpoint: this.registry }],
    });
  }

  refuse = jsonRefusal;
}
