/** What a partner puts into addresses and texts stays in them: nothing of it becomes markup, a header or another stanza. */
import { afterEach, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { DocumentInternal } from "../../../src/definition/facts/gateway-document";
import { readStanzaError } from "../../../src/stream/stanza-error";
import { childNamed, type Element, textOf, xml } from "../../../src/stream/xml/element";
import { StreamParser } from "../../../src/stream/xml/parser";
import { serialise } from "../../../src/stream/xml/serialise";
import { REMOTE } from "../documents";
import { ALICE, ANN, body, closeRouters, createRouter, stanza } from "./routing-rig";

afterEach(closeRouters);

const internal: DocumentInternal = { kind: "xmpp", users: [], servers: [{ address: "10.0.20.5", port: 5269 }] };
const NAMESPACE = "jabber:server";
const HEADER = `<stream:stream xmlns='${NAMESPACE}' xmlns:stream='http://etherx.jabber.org/streams'>`;
const CONTROL = /[\t\r\n\u0085]/;
const pieces = ["\r", "\n", "\t", "\u0085", "<", ">", "'", '"', "&", "]]>", "</message>", "&#13;", "a", "é", "😀", "/"];
const tricky = fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((parts) => parts.join(""));

/** The stanzas that a stream of this text has. */
function readBack(text: string): Element[] {
  const found: Element[] = [];
  const handlers = {
    onStream: () => undefined,
    onStanza: (element: Element) => void found.push(element),
    onEnd: () => undefined,
  };
  new StreamParser(handlers, { maxStanzaBytes: 1_000_000 }).feed(Buffer.from(HEADER + text));
  return found;
}

test("a resource, a body and a subject reach our server as one stanza with the same texts, or not at all", () => {
  const rig = createRouter({}, { internal });
  let passed = 0;
  let refused = 0;
  fc.assert(
    fc.property(tricky, tricky, tricky, (resource, subject, text) => {
      const before = { relayed: rig.relayed.length, items: rig.items.length };
      const from = `${ANN}/p${resource}`;
      rig.receive(stanza("message", { from, id: resource }, xml("subject", NAMESPACE, {}, subject), body(text)));
      if (CONTROL.test(resource)) {
        refused++;
        expect(rig.relayed).toHaveLength(before.relayed);
        expect(readStanzaError(rig.sent()[before.items]!).condition).toBe("jid-malformed");
        return;
      }
      passed++;
      expect(rig.relayed).toHaveLength(before.relayed + 1);
      const printed = serialise(rig.relayed.at(-1)!, NAMESPACE);
      expect(printed).not.toContain("\r");
      const [one, ...others] = readBack(printed);
      expect(others).toEqual([]);
      expect(one!.attrs).toMatchObject({ from: from.normalize("NFC"), to: ALICE, id: resource });
      expect(textOf(childNamed(one!, "subject", NAMESPACE)!)).toBe(subject);
      expect(textOf(childNamed(one!, "body", NAMESPACE)!)).toBe(text);
    }),
    { numRuns: 300 },
  );
  expect([passed > 0, refused > 0]).toEqual([true, true]);
});

test("a status reaches a user inside as its own text", () => {
  const rig = createRouter();
  rig.store.putContact({ local: ALICE, remote: ANN, state: "subscribed", refreshedAt: 0 });
  fc.assert(
    fc.property(tricky, (status) => {
      rig.receive(stanza("presence", {}, xml("status", NAMESPACE, {}, status)));
      expect(rig.presences.at(-1)).toEqual({ from: `ann@${REMOTE}/phone`, to: ALICE, available: true, status });
    }),
    { numRuns: 100 },
  );
});
