import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { answerToPing, attribute, request, StanzaCutter } from "../../bench/load/stanzas";

const partner = "load0.partners.example";
const server = "contoso.example";

/** As Prosody writes them, and as we do. */
const stanzas = [
  `<iq id='0' type='result' to='${partner}' from='${server}'/>`,
  `<iq type="result" id="1" from="${server}" to="${partner}"></iq>`,
  `<message id='2' type='error' to='a@${partner}/b' from='nobody@${server}'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>`,
  "</stream:stream>",
];

describe("cutting a stream into stanzas", () => {
  test("gives the same stanzas however the bytes are split", () => {
    const text = ` ${stanzas.join("\n")}`;
    fc.assert(
      fc.property(fc.array(fc.nat(text.length)), (cuts) => {
        const cutter = new StanzaCutter();
        const found: string[] = [];
        const places = [0, ...cuts.sort((a, b) => a - b), text.length];
        for (let index = 1; index < places.length; index++)
          cutter.feed(text.slice(places[index - 1], places[index]), (stanza) => found.push(stanza));
        expect(found).toEqual(stanzas);
      }),
    );
  });

  test.each([
    ["id", "0"],
    ["type", "result"],
    ["to", partner],
    ["lang", undefined],
  ])("reads the attribute %s", (name, value) => {
    expect(attribute(stanzas[0] as string, name)).toBe(value);
  });
});

describe("judging an answer", () => {
  const ping = request("ping", partner, server);
  const message = request("message", partner, server);
  const bounce = (condition: string, from = `nobody@${server}`) =>
    `<message type='error' id='7' from='${from}' to='load@${partner}/bench'><error type='cancel'><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>`;

  test.each([
    ["a result to a ping", ping, stanzas[0], true],
    ["an error to a ping", ping, `<iq id='0' type='error' to='${partner}' from='${server}'/>`, false],
    ["a result from elsewhere", ping, `<iq id='0' type='result' to='${partner}' from='other.example'/>`, false],
    ["a result to somebody else", ping, `<iq id='0' type='result' to='other.example' from='${server}'/>`, false],
    ["a bounced message", message, bounce("service-unavailable"), true],
    ["a message that bounced for another reason", message, bounce("forbidden"), false],
    ["a bounce from elsewhere", message, bounce("service-unavailable", "other@contoso.example"), false],
    ["a result to a message", message, stanzas[0], false],
  ])("%s", (_, asked, answer, right) => {
    expect(asked.isAnswer(answer as string)).toBe(right);
  });

  test("answers the server's own pings, and nothing else", () => {
    const own = `<iq type='get' id='ping-1' from='${server}' to='${partner}'><ping xmlns='urn:xmpp:ping'/></iq>`;
    expect(answerToPing(own)).toBe(`<iq type='result' id='ping-1' from='${partner}' to='${server}'/>`);
    expect(stanzas.map(answerToPing)).toEqual(stanzas.map(() => undefined));
  });
});
