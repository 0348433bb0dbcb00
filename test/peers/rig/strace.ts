import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { peerRoot } from "./peer-root";

/** Where a program tried to connect to. */
export interface ConnectAttempt {
  readonly address: string;
  readonly port: number;
}

const FOUR = /sa_family=AF_INET, sin_port=htons\((\d+)\), sin_addr=inet_addr\("([^"]+)"\)/;
const SIX = /sa_family=AF_INET6, sin6_port=htons\((\d+)\).*?inet_pton\(AF_INET6, "([^"]+)"/;

/**
 * What the kernel saw a program try: in front of its command, strace writes every connect(2) of all its threads to a
 * file. The program stays the child that was started; strace is beside it.
 * @param file where it writes
 */
export function tracingConnects(file: string): string[] {
  const { folder } = peerRoot();
  // Outside its root, so that it traces a program of the machine: by the root's own loader and libraries.
  const loaders = ["lib64", "lib"].flatMap((part) =>
    readdirSync(join(folder, part))
      .filter((name) => name.startsWith("ld-linux"))
      .map((name) => join(folder, part, name)),
  );
  const libraries = readdirSync(join(folder, "usr/lib"))
    .filter((name) => name.endsWith("-linux-gnu"))
    .map((name) => join(folder, "usr/lib", name));
  return [
    loaders[0]!,
    ...["--library-path", libraries.join(":")],
    join(folder, "usr/bin/strace"),
    ...["-D", "-f", "-q", "-e", "trace=connect", "-e", "signal=none", "-o", file],
  ];
}

/**
 * All attempts over IP so far but those to the resolver. To be read once the program has ended: each
 * call waited for strace, which writes line by line.
 */
export function connectAttempts(file: string, resolver: ConnectAttempt): ConnectAttempt[] {
  const text = readFileSync(file, "utf8");
  return text.split("\n").flatMap((line) => {
    const found = FOUR.exec(line) ?? SIX.exec(line);
    if (found === null || !/ connect\(/.test(line)) return [];
    const [address, port] = [found[2]!, Number(found[1])];
    return address === resolver.address && port === resolver.port ? [] : [{ address, port }];
  });
}
