/** Methods × partner types × what is sent, both initiators, with Debian's Prosody and ejabberd. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { expectedCells, type MatrixResult, PARTNERS, PEERS } from "./cells";
import { interoperabilityPage } from "./page";
import { runMatrix } from "./run-matrix";

let result: MatrixResult;
beforeAll(async () => {
  result = await runMatrix();
});

describe.each(PEERS)("%s", (peer) => {
  test.each(PARTNERS.filter((one) => one.peer === peer))("$method, $partnerType", ({ domain, method, partnerType }) => {
    const found = result.partners.find((one) => one.domain === domain);
    expect(found?.cells).toEqual(expectedCells(partnerType));
    expect(found?.streams).toEqual([`in ${method}`, `out ${method}`]);
  });
});

test("a certificate for servers only: Prosody takes it for EXTERNAL, ejabberd 23.01 cannot", () => {
  expect(result.serverAuthOnly).toEqual({
    prosody: { "sasl-over-tls": "accepted", "tls-dialback": "accepted" },
    ejabberd: {
      "sasl-over-tls": expect.stringContaining("authentication-refused: the peer refused SASL EXTERNAL"),
      "tls-dialback": "accepted",
    },
  });
});

test("docs/interoperability.md is what the run shows (npm run docs:interoperability)", () => {
  const page = readFileSync(join(__dirname, "../../../docs/interoperability.md"), "utf8");
  expect(page).toBe(interoperabilityPage(result));
});
