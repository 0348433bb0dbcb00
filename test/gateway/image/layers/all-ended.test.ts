import { describe, expect, it } from "@jest/globals";
import { allEnded } from "../../../../src/gateway/image/layers/all-ended";

describe("allEnded", () => {
  it("gives what all gave, in their order", async () => {
    const late = new Promise<string>((resolve) => setImmediate(() => resolve("late")));
    expect(await allEnded([late, Promise.resolve("early")], () => undefined)).toEqual(["late", "early"]);
  });

  it("asks the others to end, and throws the first fault when the last has ended", async () => {
    const ended: string[] = [];
    let end: (error: Error) => void = () => undefined;
    const slow = new Promise<never>((_, reject) => {
      end = reject;
    }).finally(() => ended.push("slow"));
    const first = Promise.reject<never>(new Error("first"));
    const running = allEnded([slow, first], () => setImmediate(end, new Error("stopped")));
    await expect(running).rejects.toThrow("first");
    expect(ended).toEqual(["slow"]);
  });
});
