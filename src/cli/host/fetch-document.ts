import type { Command } from "commander";
import { objectPlace, openDocumentObject } from "../../host/document-object";
import { watchObject } from "../../host/watch-object";
import { type CliContext, UsageError } from "../context";
import { MAXIMUM_DOCUMENT_BYTES } from "../run-document";

/** The process beside `run` that fetches its document: the gateway's own loads no AWS library. */
export function register(program: Command, context: CliContext): void {
  program
    .command("fetch-document")
    .summary("fetch run's document out of S3 and tell run of each change; run starts it")
    .argument("<location>", "s3://BUCKET/KEY")
    .addHelpText("after", "\nExamples:\n  xmpp-edge run s3://edge-1/gateway-document.json")
    .action((location: string) => fetchDocument(location, context));
}

async function fetchDocument(location: string, context: CliContext): Promise<void> {
  const place = objectPlace(location);
  if (place === undefined || process.send === undefined)
    throw new UsageError("this process is started by xmpp-edge run", "xmpp-edge run s3://BUCKET/KEY");
  const gone = new AbortController();
  process.once("disconnect", () => gone.abort());
  const signal = AbortSignal.any([context.signal, gone.signal]);
  let lookNow: () => void = () => undefined;
  process.on("message", () => lookNow());
  await watchObject({
    object: await openDocumentObject(place, MAXIMUM_DOCUMENT_BYTES),
    report: (report) => {
      if (process.connected) process.send?.(report);
    },
    wait: (milliseconds) =>
      new Promise((resolve) => {
        const end = () => {
          clearTimeout(timer);
          signal.removeEventListener("abort", end);
          resolve();
        };
        const timer = setTimeout(end, milliseconds);
        lookNow = end;
        signal.addEventListener("abort", end, { once: true });
        if (signal.aborted) end();
      }),
    signal,
  });
  if (process.connected) process.disconnect();
}
