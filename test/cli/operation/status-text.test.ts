import { expect, test } from "@jest/globals";
import { statusText } from "../../../src/cli/operation/status-text";
import { styleFor } from "../../../src/cli/output/style";
import { STATUS } from "../../gateway/admin/admin-port";

const NOW = Date.parse("2026-11-23T12:00:00Z");
const eve = {
  user: "eve@fabrikam.example",
  partner: "fabrikam.example",
  in: 3,
  out: 1,
  lastAt: "2026-11-23T11:59:30Z",
};
const text = (blockedUsers: (typeof eve)[]) => statusText({ ...STATUS, blockedUsers }, NOW, styleFor(false));

test("names blocked users who tried something, and how often", () => {
  expect(text([eve])).toContain(
    "blocked eve@fabrikam.example: 3 stanzas from there, 1 of ours refused, the last 30 s ago\n",
  );
  expect(text([])).not.toContain("blocked");
});

test("counts those that a screen has no room for", () => {
  const many = Array.from({ length: 12 }, (_, index) => ({ ...eve, user: `eve${index}@fabrikam.example` }));
  expect(text(many).match(/^blocked /gm)).toHaveLength(10);
  expect(text(many)).toContain("and 2 blocked users more");
});

test("shows a gateway that says nothing of them, as older ones do", () => {
  const { blockedUsers: _, ...older } = STATUS;
  expect(statusText(older as typeof STATUS, NOW, styleFor(false))).toContain("ready");
});

test("says which streams carry both directions", () => {
  const stream = { local: "contoso.example", remote: "fabrikam.example", partner: "fabrikam.example", age: 1 } as const;
  const streams = [
    { ...stream, direction: "in", state: "authenticated", method: "sasl-over-tls", bidi: true },
    { ...stream, direction: "in", state: "authenticated", method: "sasl-over-tls" },
  ] as const;
  expect(statusText({ ...STATUS, streams }, NOW, styleFor(false))).toContain(
    "1 sasl-over-tls both ways, 1 sasl-over-tls",
  );
});
