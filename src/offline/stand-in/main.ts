import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { serve } from "../../provider/protocol/serve";
import type { AwsSchema } from "../schema/aws-schema";
import { standInAws } from "./aws";
import { standInXmppedge } from "./xmppedge";

// The program of the stand-in providers. The schema of AWS lies beside the bundle, put there when it was laid out; without it
// a person started the file, and is told what it is.
const file = join(__dirname, "aws-schema.json");
const empty: AwsSchema = { version: "0", config: { attributes: {}, blocks: {} }, resources: {}, data: {} };
const schema: AwsSchema = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : empty;
/** Terraform starts one process a provider; each has its own launcher. */
const serving = process.argv[2] === "xmppedge" ? serve(standInXmppedge()) : serve(standInAws(schema));
serving.catch((error: Error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
