import { describe, expect, it } from "@jest/globals";
import { readPassphrase, type SecretTerminal } from "../../../src/cli/certificate/passphrase";
import { scratchFolder } from "../../load/scratch";

const scratch = scratchFolder();

/** A terminal on which somebody types; tells whether it was silent meanwhile and is as before now. */
function terminalTyping(...chunks: readonly string[]) {
  const modes: boolean[] = [];
  const terminal: SecretTerminal = {
    isTTY: true,
    setRawMode: (on) => modes.push(on),
    on: (_, listener) =>
      setImmediate(() => {
        for (const chunk of chunks) listener(Buffer.from(chunk));
      }),
    off: () => undefined,
    resume: () => undefined,
    pause: () => undefined,
  };
  return { terminal, modes };
}

const source = { file: undefined, option: "--key-passphrase-file", variable: "SECRET", prompt: undefined };
const nowhere = { environment: {}, terminal: terminalTyping().terminal };
const read = (
  change: Partial<Parameters<typeof readPassphrase>[0]>,
  surroundings: { environment?: Record<string, string>; terminal?: SecretTerminal } = {},
) => {
  let shown = "";
  const write = (text: string) => {
    shown += text;
  };
  return readPassphrase({ ...source, ...change }, write, { ...nowhere, ...surroundings }).then((secret) => ({
    secret,
    shown,
  }));
};

describe("a passphrase", () => {
  it("is the first line of its file, before the variable", async () => {
    const file = scratch.write("passphrase", "from file\r\nmore\n");
    expect((await read({ file }, { environment: { SECRET: "from variable" } })).secret).toBe("from file");
  });

  it("comes from its variable, and is none where there is neither", async () => {
    expect((await read({}, { environment: { SECRET: "from variable" } })).secret).toBe("from variable");
    expect((await read({})).secret).toBeUndefined();
  });

  it("is refused when empty", async () => {
    await expect(read({}, { environment: { SECRET: "" } })).rejects.toThrow("SECRET is empty");
    await expect(read({ file: scratch.write("empty", "\n") })).rejects.toThrow("empty first line");
  });

  it.each([
    ["at once", ["open sesame\r"], "open sesame"],
    ["key by key, in UTF-8", ["p", "äss\n"], "päss"],
    ["with corrections", ["opä\u007f\u007fpen", "!\b\r"], "open"],
  ])("is typed %s without being shown", async (_, chunks, expected) => {
    const { terminal, modes } = terminalTyping(...chunks);
    expect(await read({ prompt: "Passphrase" }, { terminal })).toEqual({ secret: expected, shown: "Passphrase: \n" });
    expect(modes).toEqual([true, false]);
  });

  it.each(["\r", "half\u0003", "\u0004", "x".repeat(2000)])("is not taken from %j", async (typed) => {
    const { terminal, modes } = terminalTyping(typed);
    await expect(read({ prompt: "Passphrase" }, { terminal })).rejects.toThrow("no passphrase was typed");
    expect(modes).toEqual([true, false]);
  });
});
