/** The catalogue of metrics against the page that is made of it, and against the code that counts. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { METRICS } from "../../../src/gateway/admin/metric-catalogue";
import { counterName } from "../../../src/gateway/admin/metrics";
import { metricsPage } from "./metrics-page";

const ROOT = join(__dirname, "../../..");

test("docs/metrics.md is what the catalogue says (npm run docs:metrics)", () => {
  expect(readFileSync(join(ROOT, "docs/metrics.md"), "utf8")).toBe(metricsPage());
});

/** Every `counters.add` of the gateway, as name and label names. */
function counted(): { file: string; name: string; labels: string[] }[] {
  const folder = join(ROOT, "src/gateway");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  return files.flatMap((file) =>
    [...readFileSync(join(folder, file), "utf8").matchAll(/counters\.add\(\s*(["'`])((?:(?!\1).)*)\1/gs)].map(
      (match) => {
        const key = match[2] ?? "";
        const [name = ""] = key.split("{", 1);
        return {
          file,
          name: counterName(name),
          labels: [...key.matchAll(/([a-z]+)="/g)].map(([, label = ""]) => label),
        };
      },
    ),
  );
}

test("every counter of the code is in the catalogue, with its labels (add it to metric-catalogue.ts)", () => {
  const found = counted();
  expect(found.length).toBeGreaterThan(10);
  const unknown = found.filter(({ name, labels }) => {
    const metric = METRICS[name];
    return metric === undefined || Object.keys(metric.labels ?? {}).join() !== labels.join();
  });
  expect(unknown).toEqual([]);
});

test("names follow Prometheus' conventions", () => {
  for (const [name, { type, help }] of Object.entries(METRICS)) {
    expect(name).toMatch(/^(xmpp_edge|process|nodejs)_[a-z0-9_]+$/);
    expect(name.endsWith("_total")).toBe(type === "counter");
    expect(help).toMatch(/^[A-Z].*\.$/);
  }
});
