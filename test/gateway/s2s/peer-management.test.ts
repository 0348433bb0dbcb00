/** Stream management of a peer's stream, beside the sessions that it shares with other streams (XEP-0198 section 5). */
import { expect, test } from "@jest/globals";
import { PeerManagement } from "../../../src/gateway/s2s/peer-management";
import { ResumableSessions } from "../../../src/gateway/s2s/resumable-sessions";
import { elementText } from "../../../src/stream/wire-address";

const PAIR = { local: "contoso.example", remote: "fabrikam.example" };

function managed(sessions: ResumableSessions) {
  const sent: string[] = [];
  const management = new PeerManagement(
    {
      write: (text) => void sent.push(text),
      send: (el) => void sent.push(elementText(el)),
      close: ({ condition }) => void sent.push(condition),
      committed: () => Promise.resolve(),
    },
    sessions,
  );
  return { management, sent };
}

test("a session that is there goes on, and one that was forgotten since it was looked for does not", async () => {
  let now = 0;
  const sessions = new ResumableSessions(
    () => now,
    () => "a-session",
  );
  const first = managed(sessions);
  first.management.enable(PAIR);
  sessions.lose("a-session");
  const next = managed(sessions);
  expect(next.management.resume(PAIR, "a-session")).toBe(true);
  await Promise.resolve();
  expect(next.sent).toEqual(["<resumed xmlns='urn:xmpp:sm:3' previd='a-session' h='0'/>"]);

  sessions.lose("a-session");
  expect(sessions.has(PAIR, "a-session")).toBe(true);
  now += 61_000; // its time ends between the look and the resume
  const late = managed(sessions);
  expect(late.management.resume(PAIR, "a-session")).toBe(false);
  expect(late.management.resumable).toBe(false);
  expect(late.sent).toEqual([expect.stringMatching(/^<failed .*<item-not-found /)]);
});
