// Writes docs/metrics.md from the metrics' catalogue:   npm run docs:metrics
// test/gateway/admin/metrics-page.test.ts says when it is stale.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { metricsPage } from "../test/gateway/admin/metrics-page";

writeFileSync(join(__dirname, "..", "docs", "metrics.md"), metricsPage());
