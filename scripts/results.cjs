// Prints what failed and why, and what the runner counted as one line; names the peers that ran.
//   node scripts/results.cjs FILE...
const { existsSync, readFileSync } = require("node:fs");
const { relative } = require("node:path");
const { execFileSync } = require("node:child_process");

/** Colours, which a log does not show, and the runner's own frames. */
const NOISE = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m|\\n[^\\n]*/node_modules/(@jest|jest-)[^\\n]*`, "g");
const LINES = 30;

const files = process.argv.slice(2);
const totals = { passed: 0, failed: 0, skipped: 0 };
for (const file of files) {
  if (!existsSync(file)) {
    console.log(`${file}: the runner left no results, which counts as a failure`);
    totals.failed++;
    continue;
  }
  const report = JSON.parse(readFileSync(file, "utf8"));
  totals.passed += report.numPassedTests;
  // A file that does not even load has no tests in it to fail.
  totals.failed += report.numFailedTests + report.numRuntimeErrorTestSuites;
  totals.skipped += report.numPendingTests + report.numTodoTests;
  for (const suite of report.testResults) tellFailures(suite);
}

function tellFailures({ name, status, message, assertionResults }) {
  const failed = assertionResults.filter((one) => one.status === "failed");
  const told = failed.map(({ fullName, failureMessages }) => [fullName, failureMessages.join("\n")]);
  if (status === "failed" && failed.length === 0) told.push(["the file does not load", message]);
  for (const [what, why] of told)
    console.log(
      [`FAILED ${relative(process.cwd(), name)}: ${what}`, ...why.replace(NOISE, "").split("\n").slice(0, LINES)].join(
        "\n  ",
      ),
    );
}

const WITNESSES = /^(prosody|unbound|ejabberd|kamailio|knot|pebble|openjdk-\d+-jre-headless) /;
try {
  const where = execFileSync("sh", ["scripts/peers.sh", "--where"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }).trim();
  const versions = readFileSync(`${where}/.versions`, "utf8")
    .split("\n")
    .filter((line) => WITNESSES.test(line));
  console.log(`peers: ${versions.join(", ")}`);
} catch {
  console.log("peers: none are there (scripts/peers.sh fetches them)");
}
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
if (totals.failed > 0 || totals.passed === 0) process.exitCode = 1;
