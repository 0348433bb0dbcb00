import { expect, test } from "@jest/globals";
import { probeEdge, probesLeftOut } from "../../../src/dns/probe/edge-servers";

const place = (domains: number, port: number) => ({
  host: "sip.contoso.example",
  dial: { address: "127.0.0.1", port },
  domains: Array.from({ length: domains }, (_, index) => `d${index}.example`),
});
const look = (places: Parameters<typeof probeEdge>[0]) =>
  probeEdge(places, { timeout: 60_000, signal: AbortSignal.abort(), as: () => undefined });

test.each([
  ["one that few domains lead to", [place(3, 1)], 0],
  ["one that as many lead to as are probed", [place(4_096, 1)], 0],
  ["one that more lead to", [place(4_100, 1)], 4],
  ["two, each with its share", [place(3_000, 1), place(3, 2)], 952],
  ["none", [], 0],
])("places: %s; what is left out is counted", async (_, places, left) => {
  expect(probesLeftOut(places)).toBe(left);
  const all = places.reduce((sum, { domains }) => sum + domains.length, 0);
  expect((await look(places)).length).toBe(all - left);
});
