import type { GatewayDocument } from "../../../definition/facts/gateway-document";
import { file } from "../tar/entry";
import { type LayerContent, smallLayer } from "./layer";

/** Where the compiled document is in a configured image. */
export const DOCUMENT_FILE = "etc/xmpp-edge/document.json";

/** The layer with the compiled document. It names no file, no program and no image, and holds no secret. */
export function configurationLayer(document: GatewayDocument): Promise<LayerContent> {
  return smallLayer(new Map([[DOCUMENT_FILE, file(`${JSON.stringify(document, null, 2)}\n`)]]));
}
