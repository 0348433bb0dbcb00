import { createReadStream } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "@jest/globals";
import { gunzipped } from "../../../../src/gateway/image/tar/gunzipped";

async function read(source: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of source) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

describe("gunzipped", () => {
  it("gives what was packed", async () => {
    expect(await read(gunzipped(Readable.from([gzipSync("packed")])))).toBe("packed");
  });

  it("hands a file that is not there to the reader", async () => {
    const source = gunzipped(createReadStream(join(__dirname, "nothing here")));
    await expect(read(source)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("hands the fault of what is packed to the reader", async () => {
    await expect(read(gunzipped(Readable.from([Buffer.from("no gzip")])))).rejects.toMatchObject({
      code: "Z_DATA_ERROR",
    });
  });

  it("ends its source when the reader stops", async () => {
    const source = Readable.from([gzipSync("one"), gzipSync("two")]);
    const unpacked = gunzipped(source);
    unpacked.destroy();
    await new Promise((resolve) => source.once("close", resolve));
    expect(source.destroyed).toBe(true);
  });
});
