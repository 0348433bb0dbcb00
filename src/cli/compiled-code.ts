import module from "node:module";
import { join } from "node:path";
import { defaultCache } from "../gateway/image/default-cache";

/**
 * Keeps what Node has compiled in the user's cache folder, so that the next command begins sooner. Not for `run`: it
 * begins once and stays, and what is kept brings the code of every function into memory. Where nothing can be kept,
 * all is as before. NODE_DISABLE_COMPILE_CACHE and NODE_COMPILE_CACHE hold as for Node itself.
 */
export function keepCompiledCode(argv: readonly string[]): void {
  if (argv[0] === "run" || process.env.NODE_COMPILE_CACHE !== undefined) return;
  // Absent before Node 22.1, which is told further on that it is too old.
  module.enableCompileCache?.(join(defaultCache(), "compiled"));
}

// Where the program itself runs, not where a test has loaded it.
if (require.main?.filename === join(__dirname, "main.js")) keepCompiledCode(process.argv.slice(2));
