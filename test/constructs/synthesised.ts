import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { TerraformStack, Testing } from "cdktf";

/** The arguments of one resource or data source, as Terraform's JSON has them. */
export type Arguments = Readonly<Record<string, unknown>>;

/** A stack as Terraform sees it. */
export interface Stack {
  readonly json: string;
  /** All resources of a type (`aws_eip`) or data sources (`data.aws_eip`), in the order of their names. */
  all(type: string): readonly Arguments[];
  /** The one of its type. */
  only(type: string): Arguments;
}

/** Synthesises what is placed in a stack with an AWS provider, with the validations that a real synthesis runs. */
export function synthesised(place: (stack: TerraformStack) => void): Stack {
  const stack = new TerraformStack(Testing.app(), "test");
  new AwsProvider(stack, "aws", { region: "eu-central-1" });
  place(stack);
  return read(Testing.synth(stack, true));
}

/** Terraform JSON as a stack. */
export function read(json: string): Stack {
  const parsed: {
    resource?: Record<string, Record<string, Arguments>>;
    data?: Record<string, Record<string, Arguments>>;
  } = JSON.parse(json);
  const all = (type: string): Arguments[] => {
    const [kind, name] = type.startsWith("data.")
      ? ([parsed.data, type.slice("data.".length)] as const)
      : ([parsed.resource, type] as const);
    return Object.values(kind?.[name] ?? {});
  };
  return {
    json,
    all,
    only(type) {
      const found = all(type);
      if (found.length !== 1) throw new Error(`the stack has ${found.length} of ${type}, not one`);
      return found[0]!;
    },
  };
}
