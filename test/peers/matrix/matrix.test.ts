/** Methods × partner types × what is sent, both initiators, with the servers that were chosen (scripts/peers.sh). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "@jest/globals";
import {
  CERTIFIED_PEERS,
  EXPECTED_SERVERS_ONLY,
  expectedCells,
  LACKING_PARTNERS,
  type MatrixResult,
  PARTNERS,
  PEERS_OF,
  SERVERS_METHODS,
} from "./cells";
import { interoperabilityPage } from "./page";
import { recordedRuns } from "./recorded-runs";
import { chosenRun, runMatrix } from "./run-matrix";

const run = chosenRun();
let result: MatrixResult;
beforeAll(async () => {
  result = await runMatrix();
});

describe.each(PEERS_OF[run])("%s", (peer) => {
  test.each(PARTNERS.filter((one) => one.peer === peer))("$method, $partnerType", ({ domain, method, ...partner }) => {
    const found = result.partners.find((one) => one.domain === domain);
    expect(found?.cells).toEqual(expectedCells(partner));
    expect(found?.streams).toBe(`in ${method}, out ${method}`);
  });

  const lacking = LACKING_PARTNERS.filter((one) => one.peer === peer);
  if (lacking.length > 0)
    test.each(lacking)("$method, which it has not: nothing passes, and both senders are told", ({ domain }) => {
      const found = result.lacking?.find((one) => one.domain === domain);
      expect(found?.told.ours).toMatch(/no-common-method: the peer does not offer SASL EXTERNAL/);
      expect(found?.told.theirs).toMatch(/^remote-server-/);
    });
});

if (run !== "bookworm-jabberd2")
  describe.each(CERTIFIED_PEERS)("%s and a certificate for servers only", (peer) => {
    test.each(SERVERS_METHODS)("%s is taken, or refused as the release is known to", (method) => {
      const expected = EXPECTED_SERVERS_ONLY[run][peer][method];
      const found = result.serverAuthOnly?.[peer][method];
      if (expected === "accepted") expect(found).toBe(expected);
      else expect(found).toMatch(expected);
    });
  });

test("docs/interoperability.md is what the runs show (npm run docs:interoperability)", () => {
  const page = readFileSync(join(__dirname, "../../../docs/interoperability.md"), "utf8");
  const runs = recordedRuns().map((one) => (one.result.release === run ? { ...one, result } : one));
  expect(page).toBe(interoperabilityPage(runs));
});
