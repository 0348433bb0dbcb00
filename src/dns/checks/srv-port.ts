import { zoneLine } from "../../definition/facts";
import { type Check, listed, type SrvView, toEdge } from "./check";

const KNOWN_PORTS = new Map([
  [5222, "the port for clients"],
  [5270, "the port for direct TLS, published as _xmpps-server (XEP-0368)"],
]);

/** A record names the Access Edge at a port where it does not listen for partners. */
export const srvPort: Check<SrvView> = {
  id: "srv-port",
  severity: "fail",
  source: "RFC 6120 section 14.7; the definition: accessEdge.port",
  check: (view) => {
    const wrong = toEdge(view).filter(({ port }) => port !== view.expected.port);
    if (wrong.length === 0) return undefined;
    const found = wrong.map(({ port }) => (KNOWN_PORTS.has(port) ? `${port} (${KNOWN_PORTS.get(port)})` : `${port}`));
    return { found: `port ${listed(found)}`, expected: `port ${view.expected.port}` };
  },
  remedy: ({ expected }) => zoneLine(expected),
};
