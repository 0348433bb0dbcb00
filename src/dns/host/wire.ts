/** A name as it travels (RFC 1035 section 3.1), in lower case and without compression. */
export function wireName(name: string): Buffer {
  const labels = name.toLowerCase().replace(/\.$/, "").split(".");
  const parts = labels.filter((label) => label !== "").map((label) => Buffer.from(`\0${label}`, "latin1"));
  for (const part of parts) part.writeUInt8(part.length - 1, 0);
  return Buffer.concat([...parts, Buffer.alloc(1)]);
}

/**
 * Where a name, a question or a record that begins at `start` ends. Names that end in a pointer end there.
 * @throws RangeError where the bytes end before it does
 */
export function skipRecord(
  message: Buffer,
  start: number,
  what: "name" | "question" | "record",
): { readonly nameEnd: number; readonly end: number; readonly type: number } {
  let nameEnd = start;
  for (;;) {
    const length = message.readUInt8(nameEnd);
    if (length >= 0xc0) {
      nameEnd += 2;
      break;
    }
    nameEnd += length + 1;
    if (length === 0) break;
  }
  if (what === "name") return { nameEnd, end: nameEnd, type: 0 };
  const type = message.readUInt16BE(nameEnd);
  if (what === "question") return { nameEnd, end: nameEnd + 4, type };
  const end = nameEnd + 10 + message.readUInt16BE(nameEnd + 8);
  if (end > message.length) throw new RangeError("a record ends after its message");
  return { nameEnd, end, type };
}
