// Writes docs/interoperability.md from a run of the peer matrix:   npm run docs:interoperability
// test/peers/matrix/matrix.test.ts says when it is stale.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { interoperabilityPage } from "../test/peers/matrix/page";
import { runMatrix } from "../test/peers/matrix/run-matrix";

runMatrix().then((result) =>
  writeFileSync(join(__dirname, "..", "docs", "interoperability.md"), interoperabilityPage(result)),
);
