import { addressKind } from "../address-kind";
import type { Finding } from "../finding";
import type { Definition } from "../schema";

/** Addresses that no server answers at. */
const NOBODY: ReadonlySet<string> = new Set(["multicast", "reserved"]);

/** Our own XMPP server can be found, is not the gateway itself, and proves who it is by something of its own. */
export function internalServerFindings({ internal, accessEdge }: Definition): Finding[] {
  if (internal?.kind !== "xmpp") return [];
  const { servers, port, trustAnchors, pins } = internal;
  const edgePorts = new Set([accessEdge.port, accessEdge.directTlsPort]);
  const found: Finding[] = [];
  const seen = new Set<string>();
  servers.forEach((server, index) => {
    const at = { path: ["internal", "servers", index, "address"], value: server.address };
    const place = `${server.address} ${server.port}`;
    const kind = addressKind(server.address);
    if (seen.has(place))
      found.push({
        ...at,
        severity: "error",
        id: "internal-server-duplicate",
        rule: "a place stands once",
        remedy: "remove the second",
      });
    seen.add(place);
    if (NOBODY.has(kind))
      found.push({
        ...at,
        severity: "error",
        id: "internal-server-unusable",
        rule: `is a ${kind} address: no server answers there`,
        remedy: "give the address at which your XMPP server listens for servers",
      });
    else if (accessEdge.addresses.includes(server.address) && edgePorts.has(server.port))
      found.push({
        ...at,
        severity: "error",
        id: "internal-server-is-edge",
        rule: "is the Access Edge itself: the gateway would talk to itself",
        remedy: "give the address at which your XMPP server listens for servers",
      });
    else if (kind === "global")
      found.push({
        ...at,
        severity: "warning",
        id: "internal-server-public",
        rule: "is a public address: partners could go around the gateway and its policy",
        remedy: "give your XMPP server a private address, or let nobody but the gateway reach its port",
      });
  });
  if (edgePorts.has(port))
    found.push({
      severity: "warning",
      id: "internal-port-shared",
      path: ["internal", "port"],
      value: port,
      rule: "is the port for partners too: each listener then needs an address of its own",
      remedy: "leave it out, or run with --listen and --listen-inside on different addresses",
    });
  if (trustAnchors === undefined && pins === undefined)
    found.push({
      severity: "warning",
      id: "internal-server-trust",
      path: ["internal"],
      rule: "without trustAnchors and pins, any authority that partners are judged by may vouch for your own server",
      remedy: "add pins with the key of your server's certificate, or trustAnchors with the authority that issued it",
    });
  return found;
}
