import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { file, link, type TarEntry } from "../../../../src/gateway/image/tar/entry";
import { readTar } from "../../../../src/gateway/image/tar/read";
import { runs } from "../../../fuzz-runs";
import { archive } from "../lab";

const long = `${"directory/".repeat(30)}${"n".repeat(120)}`;
const entries = new Map<string, TarEntry>([
  ["etc/passwd", file("root\n")],
  ["bin/tool", file("#!\n", 0o755)],
  ["state", { type: "directory", mode: 0o700, owner: 10001 }],
  [`${"a".repeat(60)}/${"b".repeat(60)}`, file("split in two fields")],
  [long, file("in a pax header")],
  ["lib", link(`usr/lib/${"x".repeat(150)}`)],
  ["naïve.txt", file("UTF-8")],
]);

async function all(source: Iterable<Buffer>): Promise<Map<string, TarEntry>> {
  const found = new Map<string, TarEntry>();
  for await (const { path, entry } of readTar(source, () => true)) found.set(path, entry);
  return found;
}

describe("the archive writer", () => {
  it("is read by GNU tar: names, modes, owners, links and contents", () => {
    const folder = mkdtempSync(join(tmpdir(), "xmpp-edge-tar-"));
    try {
      writeFileSync(join(folder, "a.tar"), archive(entries));
      const tar = (...argv: string[]) =>
        execFileSync("tar", argv, {
          cwd: folder,
          encoding: "utf8",
          env: { ...process.env, TZ: "UTC", LC_ALL: "C.UTF-8" },
        });
      const listed = tar("--list", "--verbose", "--numeric-owner", "--file", "a.tar").trim().split("\n");
      expect(listed.find((line) => line.endsWith(" state/"))).toMatch(/^drwx------ 10001\/10001 +0 1970-01-01 00:00/);
      expect(listed.find((line) => line.endsWith(" bin/tool"))).toMatch(/^-rwxr-xr-x 0\/0 +3 /);
      expect(listed.filter((line) => / bin\/$/.test(line))).toHaveLength(1); // a parent, once
      expect(listed.some((line) => line.endsWith(` lib -> usr/lib/${"x".repeat(150)}`))).toBe(true);
      tar("--extract", "--no-same-owner", "--file", "a.tar");
      expect(readFileSync(join(folder, long), "utf8")).toBe("in a pax header");
      expect(readFileSync(join(folder, "naïve.txt"), "utf8")).toBe("UTF-8");
      expect(statSync(join(folder, "state")).mode & 0o777).toBe(0o700);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("gives the same bytes whatever the order of the entries", () => {
    expect(archive([...entries].reverse()).equals(archive(entries))).toBe(true);
  });
});

describe("the archive reader", () => {
  it("reads what the writer wrote, in pieces of any size", async () => {
    const name = fc.stringMatching(/^[a-zé]{1,130}$/);
    const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
    const contents = fc.uint8Array({ maxLength: 1500 }).map((bytes) => Buffer.from(bytes));
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(path, contents, { maxKeys: 5 }),
        fc.integer({ min: 1, max: 2000 }),
        async (files, step) => {
          const paths = Object.keys(files).filter(
            (one) => !Object.keys(files).some((other) => other.startsWith(`${one}/`)),
          );
          const bytes = archive(paths.map((one) => [one, file(files[one]!)] as const));
          const pieces = Array.from({ length: Math.ceil(bytes.length / step) }, (_, at) =>
            bytes.subarray(at * step, (at + 1) * step),
          );
          const found = [...(await all(pieces))].filter(([, entry]) => entry.type === "file");
          expect(new Map(found.map(([one, entry]) => [one, entry.type === "file" ? entry.data : undefined]))).toEqual(
            new Map(paths.map((one) => [one, files[one]])),
          );
        },
      ),
      { numRuns: runs(50) },
    );
  });

  const changed = (change: (bytes: Buffer) => void) => {
    const bytes = archive([["one", file("content")]]);
    change(bytes);
    let sum = 0;
    for (let at = 0; at < 512; at++) sum += at >= 148 && at < 156 ? 32 : bytes[at]!;
    bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    return bytes;
  };
  it.each([
    ["a path that leads out", changed((bytes) => bytes.write("../../etc/passwd", 0))],
    ["a device", changed((bytes) => bytes.write("3", 156))],
    ["a hard link", changed((bytes) => bytes.write("1", 156))],
    ["a size that is no number", changed((bytes) => bytes.write("zzzzzzzzzzz", 124))],
    ["a size beyond all bounds", changed((bytes) => bytes.write("77777777777", 124))],
    ["a missing end", archive([["one", file("content")]]).subarray(0, 700)],
    ["no end mark", archive([["one", file("content")]]).subarray(0, 1024)],
    ["a wrong checksum", Buffer.concat([Buffer.from("x"), archive([["one", file("content")]]).subarray(1)])],
  ])("refuses %s", async (_, bytes) => {
    await expect(all([bytes])).rejects.toMatchObject({ code: "archive-invalid" });
  });

  it("ends on any bytes with entries or a refusal of its own", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 2047 }), fc.integer({ min: 0, max: 255 }), async (at, byte) => {
        const bytes = archive([
          ["one", file("content")],
          ["two", link("one")],
        ]);
        bytes[at % bytes.length] = byte;
        await all([bytes]).catch((error: { code?: string }) => expect(error.code).toBe("archive-invalid"));
      }),
      { numRuns: runs(300) },
    );
  });
});
