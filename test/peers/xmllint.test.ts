/** Our verdict of a stream's XML beside libxml2's: nothing is taken that is not well-formed, nothing refused that is. */

import { spawnSync } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { runs } from "../fuzz-runs";
import { Chance } from "../gateway/s2s/fuzz/chance";
import { eventsOf, header } from "../stream/xml/recorder";
import { peerRoot } from "./rig/peer-root";
import { makeWorkFolder } from "./rig/work-folder";

const CASES = 8_000;
const AT_ONCE = 2_000;
/** It looks whether a namespace's name is a URI, which Namespaces in XML 1.0 (section 7) asks of no processor. */
const OF_URIS = /is not a valid URI/;
/** What a stream may not have though XML may (RFC 6120 section 11.1): by these words of ours, not by a list of cases. */
const STRICTER = new Set([
  "xml-comment",
  "xml-doctype",
  "xml-processing-instruction",
  "xml-text-between-stanzas",
  "xml-encoding",
  "xml-version",
  "xml-name-too-long",
  "xml-namespace-name",
  "xml-too-deep",
  "xml-too-large",
  "xml-too-many-attributes",
  "xml-too-many-elements",
  "xml-too-many-namespaces",
]);
const NAMES = [
  "a",
  "body",
  "x:a",
  "db:b",
  "xml:c",
  "a-1.b",
  "ä",
  "_",
  "1a",
  "-a",
  "a:b:c",
  ":a",
  "xmlns",
  "xmlns:y",
  "😀",
  "\u0300a",
];
const TEXTS = [
  "",
  "t",
  "é日😀",
  "&amp;",
  "&lt;",
  "&#65;",
  "&#x1F600;",
  "&#0;",
  "&#xD800;",
  "&#x110000;",
  "&#x;",
  "&nope;",
  "&",
  "]]>",
  "<![CDATA[<&]]>",
  "<![CDATA[",
  "\0",
  "\u0001",
  "\u0085",
  "\ufffe",
  "\r\n",
  "<!--c-->",
  "<?p?>",
  " ",
];
const VALUES = [
  "",
  "v",
  "é",
  "&quot;",
  "&#10;",
  "<",
  "&",
  "&nope;",
  "]]>",
  "\t",
  "\u0002",
  "http://etherx.jabber.org/streams",
  "http://www.w3.org/XML/1998/namespace",
  "http://www.w3.org/2000/xmlns/",
];

function element(chance: Chance, depth = 0): string {
  const name = usual(chance, "a", NAMES);
  const attributes = Array.from({ length: chance.below(4) }, () => {
    const quote = chance.of(["'", '"']);
    const space = chance.once(25) ? "" : chance.of([" ", "\n", "  "]);
    const attribute = usual(chance, chance.of(["k", "l", "x:k"]), [
      ...NAMES,
      "xmlns",
      "xmlns:x",
      "xmlns:xml",
      "xml:lang",
    ]);
    const close = chance.once(40) ? "" : quote;
    return `${space}${attribute}${chance.of(["=", "=", "=", " = "])}${chance.once(40) ? "" : quote}${usual(chance, "v", VALUES)}${close}`;
  }).join("");
  const declared = chance.once(2) ? " xmlns:x='urn:x'" : "";
  if (chance.once(3)) return `<${name}${declared}${attributes}/>`;
  const children = Array.from({ length: chance.below(3) }, () =>
    depth < 3 && chance.once(2) ? element(chance, depth + 1) : usual(chance, "text", TEXTS),
  ).join("");
  return `<${name}${declared}${attributes}>${children}</${chance.once(30) ? "b" : name}${chance.once(20) ? " " : ""}>`;
}

/** Mostly what is right, so that not every document has three faults. */
const usual = (chance: Chance, right: string, others: readonly string[]) =>
  chance.once(6) ? chance.of(others) : right;

function document(seed: number): Buffer {
  const chance = new Chance(seed);
  const stanzas = Array.from({ length: 1 + chance.below(2) }, () => element(chance)).join(chance.of(["", "\n"]));
  const bytes = Buffer.from(`${header}${stanzas}</stream:stream>`);
  if (!chance.once(8)) return bytes;
  const at = header.length + chance.below(bytes.length - header.length);
  const damage = chance.of([
    Buffer.from([0xff]),
    Buffer.from([0xc0, 0x80]),
    Buffer.from([0xed, 0xa0, 0x80]),
    Buffer.from("<"),
    Buffer.from("'"),
    Buffer.alloc(0),
  ]);
  return Buffer.concat([bytes.subarray(0, at), damage, bytes.subarray(at + chance.below(3))]);
}

/** Which of the files libxml2 refuses, with its words: not well-formed, or against the namespaces in XML. */
function refusedByXmllint(work: string, names: readonly string[]): ReadonlyMap<string, string> {
  const root = peerRoot("xml");
  const enter = ["/bin/sh", join(__dirname, "rig/enter.sh"), root.folder, work];
  const { stderr, status, error } = spawnSync(
    "unshare",
    [...root.namespace, "--", ...enter, "xmllint", "--noout", "--nonet", ...names],
    { encoding: "utf8", maxBuffer: 2 ** 28 },
  );
  if (error !== undefined || status === null) throw error ?? new Error("xmllint was killed");
  const refused = new Map<string, string>();
  for (const line of stderr.split("\n")) {
    const [, name, words] = /^(\d+\.xml):\d+: (.*error.*)$/.exec(line) ?? [];
    if (name === undefined || words === undefined || OF_URIS.test(words)) continue;
    if (!refused.has(name)) refused.set(name, words);
  }
  return refused;
}

test("the verdicts are the same, but for what a stream may not have", async () => {
  const count = runs(CASES);
  const work = await makeWorkFolder();
  const differences: string[] = [];
  const seen = { taken: 0, refused: 0, stricter: 0 };
  try {
    for (let first = 1; first <= count; first += AT_ONCE) {
      const folder = join(work, "documents");
      await mkdir(folder);
      const seeds = Array.from({ length: Math.min(AT_ONCE, count - first + 1) }, (_, index) => first + index);
      for (const seed of seeds) await writeFile(join(folder, `${seed}.xml`), document(seed));
      const theirs = refusedByXmllint(
        folder,
        seeds.map((seed) => `${seed}.xml`),
      );
      for (const seed of seeds) {
        const last = eventsOf(document(seed)).at(-1);
        const words = theirs.get(`${seed}.xml`);
        const ours = last?.kind === "error" ? last.code : last?.kind === "end" ? "taken" : "unfinished";
        if (STRICTER.has(ours)) seen.stricter++;
        else if (ours === "taken") seen.taken++;
        else seen.refused++;
        if (!STRICTER.has(ours) && (ours === "taken") !== (words === undefined))
          differences.push(
            `seed ${seed}: ours ${ours}, xmllint ${words ?? "takes it"}: ${document(seed).toString().slice(header.length)}`,
          );
      }
      await rm(folder, { recursive: true });
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  process.stderr.write(
    `${count} documents beside libxml2 ${peerRoot("xml").version("libxml2")}: both take ${seen.taken}, both refuse ${seen.refused}, ` +
      `${seen.stricter} are refused by us as no stream's\n`,
  );
  expect(differences.slice(0, 20)).toEqual([]);
  expect(Math.min(seen.taken, seen.refused)).toBeGreaterThan(count / 10);
});
