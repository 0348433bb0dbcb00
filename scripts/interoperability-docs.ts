// Runs the peer matrix, keeps the result in test/peers/matrix/runs and writes docs/interoperability.md from all that are
// kept there:   npm run docs:interoperability
// With another release's servers:   XMPP_EDGE_PEER_RELEASE=trixie npm run docs:interoperability
// test/peers/matrix/matrix.test.ts says when the page is stale.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { interoperabilityPage } from "../test/peers/matrix/page";
import { recordedRuns, recordRun } from "../test/peers/matrix/recorded-runs";
import { runMatrix } from "../test/peers/matrix/run-matrix";

runMatrix().then((result) => {
  recordRun(result, new Date());
  writeFileSync(join(__dirname, "..", "docs", "interoperability.md"), interoperabilityPage(recordedRuns()));
});
