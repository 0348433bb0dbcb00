import { readFileSync } from "node:fs";
import { join } from "node:path";
import { serve } from "../../../src/provider/protocol/serve";
import type { AwsSchema } from "../aws-schema";
import { standInAws } from "./aws";

// The program of the stand-in provider. The schema lies beside the bundle, put there when it was built.
const schema: AwsSchema = JSON.parse(readFileSync(join(__dirname, "aws-schema.json"), "utf8"));
serve(standInAws(schema)).catch((error: Error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
