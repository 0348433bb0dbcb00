import { expect } from "@jest/globals";
import { formatPath } from "../../src/definition";
import { LoadError, type LoadedDefinition, loadDefinition } from "../../src/load";
import { scratchFolder } from "./scratch";

export const JSON_LEAST =
  '{"name":"contoso","accessEdge":{"fqdn":"edge.contoso.example"},"domains":[{"name":"contoso.example"}]}';

/** A folder of definitions, each loaded as it is written. */
export function loadingFolder() {
  const scratch = scratchFolder();
  let files = 0;
  const file = (extension: string, content: string | Uint8Array) => scratch.write(`${files++}.${extension}`, content);
  const load = (extension: string, content: string | Uint8Array): Promise<LoadedDefinition> =>
    loadDefinition(file(extension, content));
  return {
    ...scratch,
    file,
    load,
    /** Findings with their places, `line:column id path`. */
    async placed(extension: string, content: string): Promise<string[]> {
      const { findings, positionOf } = await load(extension, content);
      return findings.map((finding) => {
        const position = positionOf(finding);
        return `${position?.line}:${position?.column} ${finding.id} ${formatPath(finding.path)}`;
      });
    },
  };
}

/** The error that a loading has to end with. */
export async function refusal(loading: Promise<unknown>): Promise<LoadError> {
  const error = await loading.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LoadError);
  return error as LoadError;
}
