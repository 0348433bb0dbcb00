import { appendFileSync } from "node:fs";
import { TestEnvironment } from "jest-environment-node";
import { forgetEnded, testimony, witnessesIn } from "./told-on-failure";

/** A test, or a group of them. */
interface Entry {
  readonly name: string;
  /** The outermost has none, and no name of its own. */
  readonly parent?: Entry;
}

/** What jest-circus tells, as far as it matters here. */
interface TestEvent {
  readonly name: string;
  readonly test?: Entry;
  readonly describeBlock?: Entry;
  readonly hook?: { readonly type: string };
}

/**
 * Where the tests with real servers run: when one fails, the logs of its processes are told as they are at that moment,
 * on standard error and in the file that XMPP_EDGE_FAILURE_LOG names. A failure that comes once in a hundred runs can be
 * explained by nothing else.
 */
// biome-ignore lint/style/noDefaultExport: jest takes an environment as the default export
export default class TellingEnvironment extends TestEnvironment {
  private readonly file: string;

  constructor(...[config, context]: ConstructorParameters<typeof TestEnvironment>) {
    super(config, context);
    this.file = context.testPath.slice(config.projectConfig.rootDir.length + 1);
  }

  handleTestEvent({ name, test, describeBlock, hook }: TestEvent): void {
    if (name === "test_start") forgetEnded(this.global);
    if (name === "test_fn_failure") this.tell(fullName(test));
    if (name === "hook_failure") this.tell([hook?.type, fullName(test ?? describeBlock)].join(" of ").trimEnd());
  }

  private tell(what: string): void {
    const text = `\n${this.file}: ${what} failed\n${testimony(witnessesIn(this.global))}\n`;
    process.stderr.write(text);
    const log = process.env.XMPP_EDGE_FAILURE_LOG;
    if (log !== undefined) appendFileSync(log, text);
  }
}

function fullName(entry: Entry | undefined): string {
  const names: string[] = [];
  for (let one = entry; one?.parent !== undefined; one = one.parent) names.unshift(one.name);
  return names.join(" › ");
}
