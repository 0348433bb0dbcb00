import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { readDeb } from "../../../../src/gateway/image/packages/deb";
import { unpackXz } from "../../../../src/gateway/image/packages/xz";
import { file } from "../../../../src/gateway/image/tar/entry";
import { runs } from "../../../fuzz-runs";
import { ar, archive } from "../lab";

const xz = (bytes: Buffer, ...argv: string[]) =>
  execFileSync("xz", ["--compress", "--stdout", ...argv], { input: bytes, maxBuffer: 2 ** 26 });
const text = Buffer.from(Array.from({ length: 40_000 }, (_, at) => `line ${at % 977} of ${at}\n`).join(""));
// Alike in no run: LZMA2 stores it as it is.
const noise = Buffer.concat(Array.from({ length: 6000 }, (_, at) => createHash("sha512").update(String(at)).digest()));
const MOST = 2 ** 24;

describe("the .xz reader", () => {
  it.each([
    ["text", text, ["-6"]],
    ["text at the fastest", text, ["-0"]],
    ["text in small blocks, with sizes in their headers", text, ["-6", "--block-size=20000", "--threads=2"]],
    ["text without a check", text, ["--check=none"]],
    ["text with SHA-256", text, ["--check=sha256"]],
    ["other properties", text, ["--lzma2=lc=0,lp=2,pb=0,dict=64KiB"]],
    ["noise", noise, []],
    ["noise within text", Buffer.concat([text, noise, text]), []],
    ["nothing", Buffer.alloc(0), []],
  ])("unpacks %s as xz packed it", (_, bytes, argv) => {
    expect(unpackXz(xz(bytes, ...argv), MOST).equals(bytes)).toBe(true);
  });

  it("unpacks any bytes", () => {
    const repeated = fc.array(fc.tuple(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 1, max: 400 })), {
      maxLength: 10,
    });
    fc.assert(
      fc.property(repeated, (parts) => {
        const bytes = Buffer.concat(parts.flatMap(([part, times]) => Array<Uint8Array>(times).fill(part)));
        expect(unpackXz(xz(bytes), MOST).equals(bytes)).toBe(true);
      }),
      { numRuns: runs(20) },
    );
  });

  it("refuses another filter, and what is larger than was allowed", () => {
    expect(() => unpackXz(xz(text, "--x86", "--lzma2"), MOST)).toThrow(/filter other than LZMA2/);
    expect(() => unpackXz(xz(text), text.length - 1)).toThrow(/larger than/);
    expect(() => unpackXz(randomBytes(100), MOST)).toThrow(/no header of xz/);
  });

  it("ends on broken input with a refusal of its own, or with other bytes", () => {
    const packed = xz(text);
    fc.assert(
      fc.property(fc.nat(packed.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, change, cut) => {
        const broken = cut ? packed.subarray(0, at) : Buffer.from(packed);
        if (!cut) broken[at]! ^= change;
        try {
          unpackXz(broken, MOST);
        } catch (error) {
          expect(error).toMatchObject({ code: "archive-invalid" });
        }
      }),
      { numRuns: runs(150) },
    );
  });
});

describe("the .deb reader", () => {
  it("reads control fields and wanted files", async () => {
    const deb = ar([
      ["debian-binary", Buffer.from("2.0\n")],
      ["control.tar.xz", xz(archive([["control", file("Package: one\n")]]))],
      [
        "data.tar.xz",
        xz(
          archive([
            ["usr/lib/one.so", file("library")],
            ["usr/bin/one", file("program")],
          ]),
        ),
      ],
    ]);
    const { control, files } = await readDeb(deb, (path) => path.startsWith("usr/lib/one"));
    expect(control).toBe("Package: one\n");
    expect([...files]).toEqual([["usr/lib/one.so", { ...file("library"), owner: 0 }]]);
  });

  it.each([
    ["no archive", Buffer.from("something else")],
    ["a part beyond the end", ar([["data.tar", Buffer.alloc(100)]]).subarray(0, 120)],
    ["no data", ar([["control.tar", archive([["control", file("")]])]])],
    ["zstd", ar([["control.tar.zst", Buffer.alloc(10)]])],
  ])("refuses %s", async (_, bytes) => {
    await expect(readDeb(bytes, () => true)).rejects.toMatchObject({ code: "archive-invalid" });
  });
});
