import type { Authorization, Order } from "./acme-server";

/** What an order needs next. */
export type Step =
  | { readonly do: "authorize" }
  | { readonly do: "finalize" }
  /** The server works on it. */
  | { readonly do: "wait" }
  | { readonly do: "download" }
  /** It has failed for good. */
  | { readonly do: "abandon" };

/** RFC 8555 section 7.1.6: the order's state at the server says all; nothing that we remember can contradict it. */
export function nextStep(order: Order): Step {
  switch (order.status) {
    case "pending":
      return { do: "authorize" };
    case "ready":
      return { do: "finalize" };
    case "processing":
      return { do: "wait" };
    case "valid":
      return order.certificate === undefined ? { do: "wait" } : { do: "download" };
    case "invalid":
      return { do: "abandon" };
  }
}

/** What one name of an order needs. */
export type NameStep = "publish" | "wait" | "done" | "failed";

/**
 * The same for an authorization: its challenge is answered once, and then the server's to judge.
 * @param answered the type of challenge that we answer
 */
export function nameStep({ status, challenges }: Authorization, answered: string): NameStep {
  if (status === "valid") return "done";
  if (status !== "pending") return "failed";
  const challenge = challenges.find(({ type }) => type === answered);
  if (challenge === undefined || challenge.status === "invalid") return "failed";
  return challenge.status === "pending" ? "publish" : "wait";
}
