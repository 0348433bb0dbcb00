/** openssl as a CA, in a folder of its own. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface OpensslCa {
  readonly rootFile: string;
  /** Signs a request as it is, and gives back the certificate's file (PEM). */
  sign(csrFile: string, name: string, options?: { readonly days?: number; readonly san?: string }): string;
}

const run = (...args: readonly string[]) => execFileSync("openssl", args, { stdio: ["ignore", "pipe", "pipe"] });

/** Makes a CA below `folder`. */
export function opensslCa(folder: string): OpensslCa {
  mkdirSync(folder, { recursive: true });
  const file = (name: string) => join(folder, name);
  run(
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "30"],
    ...["-subj", "/O=Test/CN=openssl CA", "-keyout", file("ca.key"), "-out", file("ca.pem")],
    ...["-addext", "keyUsage=critical,keyCertSign"],
  );
  return {
    rootFile: file("ca.pem"),
    sign(csrFile, name, { days = 20, san } = {}) {
      const extensions = [
        "basicConstraints=critical,CA:FALSE",
        ...(san === undefined ? [] : [`subjectAltName=${san}`]),
      ];
      writeFileSync(file("extensions"), `${extensions.join("\n")}\n`);
      run(
        ...["x509", "-req", "-in", csrFile, "-CA", file("ca.pem"), "-CAkey", file("ca.key"), "-days", String(days)],
        ...[san === undefined ? "-copy_extensions" : "-extfile", san === undefined ? "copyall" : file("extensions")],
        ...["-out", file(name)],
      );
      return file(name);
    },
  };
}

/** What a file holds, for comparisons. */
export const textOf = (file: string) => readFileSync(file, "utf8");
