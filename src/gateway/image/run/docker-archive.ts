import { readFile } from "node:fs/promises";
import { digestOf } from "../digest";
import { ImageError } from "../image-error";
import type { Descriptor } from "../layout/manifest";
import type { LayoutReader } from "../layout/read-layout";
import { file, type TarEntry } from "../tar/entry";
import { tarPieces } from "../tar/write";

/** One platform's image in the form that both `podman load` and `docker load` read. */
export interface DockerArchive {
  /** What it is called once it is loaded: made of its digest, so the same name is the same image. */
  readonly name: string;
  /** @throws ImageError layout-invalid */
  contents(): Promise<Iterable<Buffer>>;
}

/** @throws ImageError where the layout has no image for this machine's processor */
export async function dockerArchive(reader: LayoutReader, image: Descriptor, cpu: string): Promise<DockerArchive> {
  const architecture = cpu === "x64" ? "amd64" : cpu;
  for (const { manifest } of await reader.manifestsOf(image)) {
    const config = (await reader.document(manifest.config)) as { readonly architecture?: unknown };
    if (config.architecture !== architecture) continue;
    const name = `localhost/xmpp-edge:${manifest.config.digest.slice("sha256:".length, "sha256:".length + 24)}`;
    return { name, contents: () => contents(reader, name, manifest.config, manifest.layers) };
  }
  throw new ImageError(
    "layout-invalid",
    `${reader.directory} has no image for ${architecture}`,
    "one for this machine",
    `build it: xmpp-edge image build … --platform linux/${architecture}`,
  );
}

async function contents(reader: LayoutReader, name: string, config: Descriptor, layers: readonly Descriptor[]) {
  const entries = new Map<string, TarEntry>();
  const add = async ({ digest }: Descriptor, path: string) => {
    const bytes = await readFile(reader.blob(digest));
    if (digestOf(bytes) !== digest)
      throw new ImageError(
        "layout-invalid",
        `${digest} in ${reader.directory} has other contents`,
        "those of that digest",
        "build the image again",
      );
    entries.set(path, file(bytes));
    return path;
  };
  const hex = ({ digest }: Descriptor) => digest.slice("sha256:".length);
  const Config = await add(config, `${hex(config)}.json`);
  const Layers: string[] = [];
  for (const layer of layers) Layers.push(await add(layer, `${hex(layer)}.tar.gz`));
  entries.set("manifest.json", file(JSON.stringify([{ Config, RepoTags: [name], Layers }])));
  return tarPieces(entries);
}
