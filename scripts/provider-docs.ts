// Writes docs/provider/ from the provider's own schema:   npm run docs:provider
// test/provider/docs.test.ts says when it is stale.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { providerPages } from "../src/provider/xmppedge/documentation";

const folder = join(__dirname, "..", "docs", "provider");
mkdirSync(folder, { recursive: true });
for (const { file, text } of providerPages()) writeFileSync(join(folder, file), text);
