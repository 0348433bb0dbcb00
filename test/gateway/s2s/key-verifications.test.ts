/** How often a partner's server is asked about keys when it cannot be reached. */
import { afterEach, beforeAll, expect, test } from "@jest/globals";
import { UNREACHED_MS } from "../../../src/gateway/s2s/key-verifications";
import { LOCAL, partnerOfRow, REMOTE } from "../documents";
import { createLab, type Lab } from "../lab";
import { RawPeer, streamHeader } from "../raw-peer";
import { type FederationRig, startFederation, stopFederations } from "./federation-rig";

let lab: Lab;
beforeAll(async () => {
  lab = await createLab();
});
afterEach(stopFederations);

const KEY = `<db:result from='${REMOTE}' to='${LOCAL}'>key</db:result>`;

/** Somebody sends a key, and is answered. */
async function sendKey(rig: FederationRig): Promise<void> {
  const peer = await RawPeer.connect(rig.port);
  peer.write(streamHeader());
  await peer.until(/<stream:features>/);
  peer.write(KEY);
  await peer.until(/<db:result [^>]*type='invalid'/);
}

test("a server that cannot be reached is looked for once in a while, and not for each key", async () => {
  let clock = Date.now();
  let looked = 0;
  const names = {
    get srv() {
      looked++;
      return { [REMOTE]: "no answer" };
    },
  };
  const rig = await startFederation(
    lab,
    partnerOfRow(17),
    {},
    undefined,
    () => clock,
    () => names,
  );
  await sendKey(rig);
  expect(looked).toBe(1);
  clock += UNREACHED_MS - 1;
  await sendKey(rig);
  expect(looked).toBe(1);
  clock += 1;
  await sendKey(rig);
  expect(looked).toBe(2);
});
