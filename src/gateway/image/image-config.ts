import { AUTHORITIES_FILE, NODE_FILE, RUN_USER, STATE_FOLDER } from "./layers/base-files";
import { DOCUMENT_FILE } from "./layers/configuration-layer";
import type { Layer } from "./layers/layer";
import { PROGRAM_FOLDER } from "./layers/program-files";
import { PLATFORM_NAMES, type Platform } from "./platform";

/** No build has a time of its own. */
export const CREATED = "1970-01-01T00:00:00Z";

/** What a layer is for, as the image's history tells it. */
export interface NamedLayer {
  readonly name: "base" | "program" | "configuration";
  readonly layer: Layer;
}

/** The configuration of an image (OCI image specification 1.1, config). */
export function imageConfig(platform: Platform, layers: readonly NamedLayer[], version: string) {
  return {
    created: CREATED,
    architecture: PLATFORM_NAMES[platform].oci,
    os: "linux",
    config: {
      User: `${RUN_USER}:${RUN_USER}`,
      ExposedPorts: { "5269/tcp": {} },
      Env: [
        "PATH=/usr/local/bin",
        // Node's own list for the processes that call AWS or a CA: an organisation's proxy is trusted by this file too.
        `NODE_EXTRA_CA_CERTS=/${AUTHORITIES_FILE}`,
        `XMPP_EDGE_STATE=/${STATE_FOLDER}/state`,
      ],
      Entrypoint: [`/${NODE_FILE}`, `/${PROGRAM_FOLDER}/main.js`],
      Cmd: ["run", `/${DOCUMENT_FILE}`],
      Volumes: { [`/${STATE_FOLDER}`]: {} },
      WorkingDir: `/${STATE_FOLDER}`,
      Labels: {
        "org.opencontainers.image.title": "xmpp-edge",
        "org.opencontainers.image.description": "XMPP federation gateway",
        "org.opencontainers.image.version": version,
        "org.opencontainers.image.licenses": "MIT",
      },
      StopSignal: "SIGTERM",
    },
    rootfs: { type: "layers", diff_ids: layers.map(({ layer }) => layer.diffId) },
    history: layers.map(({ name }) => ({ created: CREATED, created_by: `xmpp-edge image build: ${name}` })),
  };
}
