/** Methods × partner types × what is sent, both initiators, with Prosody and ejabberd of the chosen Debian release. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { EXPECTED_SERVERS_ONLY, expectedCells, type MatrixResult, PARTNERS, PEERS, SERVERS_METHODS } from "./cells";
import { interoperabilityPage } from "./page";
import { recordedRuns } from "./recorded-runs";
import { runMatrix } from "./run-matrix";

let result: MatrixResult;
beforeAll(async () => {
  result = await runMatrix();
});

describe.each(PEERS)("%s", (peer) => {
  test.each(PARTNERS.filter((one) => one.peer === peer))("$method, $partnerType", ({ domain, method, partnerType }) => {
    const found = result.partners.find((one) => one.domain === domain);
    expect(found?.cells).toEqual(expectedCells(partnerType));
    expect(found?.streams).toBe(`in ${method}, out ${method}`);
  });

  test.each(SERVERS_METHODS)(
    "%s with a certificate for servers only is taken, or refused as the release is known to",
    (method) => {
      const expected = EXPECTED_SERVERS_ONLY[result.release][peer][method];
      const found = result.serverAuthOnly[peer][method];
      if (expected === "accepted") expect(found).toBe(expected);
      else expect(found).toMatch(expected);
    },
  );
});

test("docs/interoperability.md is what the runs show (npm run docs:interoperability)", () => {
  const page = readFileSync(join(__dirname, "../../../docs/interoperability.md"), "utf8");
  const runs = recordedRuns().map((run) => (run.result.release === result.release ? { ...run, result } : run));
  expect(page).toBe(interoperabilityPage(runs));
});
