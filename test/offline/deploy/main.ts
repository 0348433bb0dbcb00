import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { deployOffline } from "./deploy";
import { Progress } from "./progress";

// `npm run deploy:offline`, once everything is prepared (scripts/deploy-offline.sh). The last line is the verdict.

async function main(cdktf: string): Promise<void> {
  const progress = new Progress((line) => process.stdout.write(`${line}\n`), performance.now.bind(performance));
  const temporary = tmpdir();
  const scratch = mkdtempSync(join(temporary, "deploy-"));
  try {
    const cache = resolve(__dirname, "../../../.cache/image");
    await deployOffline({ scratch, temporary, cdktf, cache, progress });
    process.stdout.write(`deploy:offline: passed (${progress.total})\n`);
  } catch (error) {
    process.stdout.write(`deploy:offline: failed: ${(error as Error).message}\n`);
    process.stdout.write(`deploy:offline: failed after ${progress.total}, see above\n`);
    process.exitCode = 1;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

void main(process.argv[2] ?? "");
