import { TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { XmppedgeProvider } from "./terraform";

const ID = "xmppedge";

/** Our own Terraform provider in the stack of a construct: there once, by whoever needs it first. */
export function ownProvider(scope: Construct): void {
  const stack = TerraformStack.of(scope);
  const there = stack.node.findAll().some((child) => child instanceof XmppedgeProvider);
  if (!there) new XmppedgeProvider(stack, ID);
}

/** Whether a stack needs our own provider beside it. */
export const needsOwnProvider = (stack: TerraformStack): boolean =>
  stack.node.findAll().some((child) => child instanceof XmppedgeProvider);
