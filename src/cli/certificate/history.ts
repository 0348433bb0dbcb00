import type { Command } from "commander";
import type { CertificateStore } from "../../certificate/store/certificate-store";
import type { CliContext } from "../context";
import { jsonText } from "../output/json";
import { printable } from "../output/printable";
import { table } from "../output/table";
import { addStoreOptions, explained, openExistingStore, type StoreOptions } from "./store-option";

export function register(program: Command, context: CliContext): void {
  const command = program
    .command("history")
    .summary("list open requests, certificates and what was live when")
    .description("Lists the open requests, every certificate of the store, and each change of the live one.");
  addStoreOptions(command)
    .addHelpText("after", "\nExamples:\n  xmpp-edge certificate history --json")
    .action((options: StoreOptions) => {
      const store = openExistingStore(options);
      const found = explained(() => contentsOf(store));
      context.stdout(options.json ? jsonText(found) : text(found));
    });
}

const contentsOf = (store: CertificateStore) => ({
  requests: store.requests(),
  certificates: store.certificates(),
  assignments: store.assignments(),
});

function text({ requests, certificates, assignments }: ReturnType<typeof contentsOf>): string {
  const section = (title: string, headings: readonly string[], rows: readonly (readonly string[])[]) =>
    `${title} (${rows.length})\n${rows.length === 0 ? "" : table(headings, rows)}`;
  return [
    section(
      "Open requests",
      ["id", "common name", "names", "key"],
      requests.map((one) => [one.id, one.commonName, String(one.names.length), `${one.keyType} ${one.bits}`]),
    ),
    section(
      "Certificates",
      ["id", "live", "until", "source", "names", "issuer"],
      certificates.map((one) => [
        one.id,
        one.live ? "live" : "",
        one.notAfter.slice(0, 10),
        one.source,
        String(one.names.length),
        printable(one.issuer),
      ]),
    ),
    section(
      "Assignments",
      ["when", "how", "certificate"],
      assignments.map((one) => [one.at, one.how, one.certificate]),
    ),
  ].join("\n");
}
