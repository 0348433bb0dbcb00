import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "@jest/globals";
import { readElf } from "../../../../src/gateway/image/layers/elf";
import { checkLibraryClosure } from "../../../../src/gateway/image/layers/library-closure";
import { file, link, type TarEntry } from "../../../../src/gateway/image/tar/entry";

const program = readFileSync(process.execPath);
const MACHINE = { x64: 62, arm64: 183 }[process.arch as "x64" | "arm64"];

describe("the ELF reader", () => {
  it("finds what the loader finds for the running Node", () => {
    const elf = readElf(program)!;
    const loaded = execFileSync("ldd", [process.execPath], { encoding: "utf8" });
    expect(elf.machine).toBe(MACHINE);
    expect(elf.interpreter).toMatch(/^\/lib.*\/ld-linux/);
    expect(elf.needed).toContain("libc.so.6");
    for (const name of elf.needed) expect(loaded).toContain(name);
  });

  it("knows what is no ELF file, and ends on broken ones", () => {
    expect(readElf(Buffer.from("#!/bin/sh\n"))).toBeUndefined();
    const head = Buffer.from(program.subarray(0, 4096));
    head.writeUInt16LE(0xffff, 56);
    head.writeUInt16LE(0, 54);
    expect(() => readElf(head)).not.toThrow();
  });
});

describe("the closure of a layer", () => {
  const triplet = process.arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
  const platform = process.arch === "arm64" ? "linux/arm64" : "linux/amd64";
  const elf = readElf(program)!;
  const whole = new Map<string, TarEntry>([
    ["usr/local/bin/node", file(program)],
    ["lib", link("usr/lib")],
    ["lib64", link("usr/lib64")],
    [`usr${elf.interpreter}`, link(`/lib/${triplet}/loader`)],
    [`usr/lib/${triplet}/loader`, file("")],
    ...elf.needed.map((name): [string, TarEntry] => [`usr/lib/${triplet}/${name}`, link(`${name}.0`)]),
    ...elf.needed.map((name): [string, TarEntry] => [`usr/lib/${triplet}/${name}.0`, file("")]),
  ]);

  it("is whole where loader and libraries are found, by way of links", () => {
    expect(() => checkLibraryClosure(whole, platform)).not.toThrow();
  });

  it.each([
    ["a library is missing", `usr/lib/${triplet}/libc.so.6.0`, /needs libc\.so\.6/],
    ["the loader is missing", `usr/lib/${triplet}/loader`, /wants the loader/],
    ["the link to /usr/lib64 or /usr/lib is missing", elf.interpreter!.split("/")[1]!, /wants the loader/],
  ])("is not where %s", (_, path, message) => {
    const layer = new Map(whole);
    expect(layer.delete(path)).toBe(true);
    expect(() => checkLibraryClosure(layer, platform)).toThrow(message);
  });

  it("is not where a program is of another machine", () => {
    const other = platform === "linux/amd64" ? "linux/arm64" : "linux/amd64";
    expect(() => checkLibraryClosure(whole, other)).toThrow(/is for machine/);
  });

  it("is not where links go in a circle", () => {
    const layer = new Map(whole).set(`usr/lib/${triplet}/libc.so.6.0`, link("libc.so.6"));
    expect(() => checkLibraryClosure(layer, platform)).toThrow(/needs libc\.so\.6/);
  });
});
