// Writes docs/dns-checks.md from a run of the DNS lab:   npm run docs:dns-checks
// test/peers/dns-lab/dns-lab.test.ts says when it is stale.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { CASES } from "../test/peers/dns-lab/cases";
import { checksPage } from "../test/peers/dns-lab/checks-page";
import { runLab } from "../test/peers/dns-lab/namespace";

runLab("").then((outcome) => writeFileSync(join(__dirname, "..", "docs", "dns-checks.md"), checksPage(CASES, outcome)));
