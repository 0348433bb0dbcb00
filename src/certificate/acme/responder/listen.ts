import type { AddressInfo, Server } from "node:net";
import { formatServerAddress, type ServerAddress } from "../../../dns/resolver";
import { AcmeError } from "../acme-error";
import { guard } from "./guard";
import type { Listening } from "./responder";

/**
 * Has a server listen at each address, every connection bounded.
 * @param create one server; called once an address
 * @throws AcmeError `acme-listen` where one address cannot be had: then none is listened on
 */
export async function listen(addresses: readonly ServerAddress[], create: () => Server): Promise<Listening> {
  const open: { readonly server: Server; readonly endAll: () => void }[] = [];
  const close = async () => {
    await Promise.all(
      open.map(({ server, endAll }) => {
        const closed = new Promise<void>((resolve) => server.close(() => resolve()));
        endAll();
        return closed;
      }),
    );
  };
  try {
    for (const address of addresses) {
      const server = create();
      const endAll = guard(server);
      await listenAt(server, address, addresses.length > 1);
      open.push({ server, endAll });
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    addresses: open.map(({ server }) => {
      const { address, port } = server.address() as AddressInfo;
      return { address, port };
    }),
    close,
  };
}

/** @param ipv6Only `::` is one of several addresses, and leaves IPv4 to the others; alone it takes both */
function listenAt(server: Server, { address, port }: ServerAddress, ipv6Only: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      // A host without IPv6: what was meant is every address that there is.
      if (address === "::" && !ipv6Only && (error.code === "EAFNOSUPPORT" || error.code === "EADDRNOTAVAIL"))
        resolve(listenAt(server, { address: "0.0.0.0", port }, ipv6Only));
      else reject(notListening({ address, port }, error));
    });
    server.listen({ host: address, port, ipv6Only }, () => {
      server.removeAllListeners("error");
      server.on("error", () => undefined); // a connection that could not be accepted; the CA tries again
      resolve();
    });
  });
}

function notListening(place: ServerAddress, cause: NodeJS.ErrnoException): AcmeError {
  const at = formatServerAddress(place);
  const { code } = cause;
  if (code === "EACCES")
    return new AcmeError(
      "acme-listen",
      `${at} may not be listened on by this user`,
      "give the process CAP_NET_BIND_SERVICE, or lower net.ipv4.ip_unprivileged_port_start on this host",
      { cause },
    );
  return new AcmeError(
    "acme-listen",
    `${at} cannot be listened on: ${code === "EADDRINUSE" ? "another process does" : (code ?? cause.message)}`,
    code === "EADDRINUSE"
      ? "end what listens there, or prove the names by dns-01"
      : "name an address of this host by --http-listen or --tls-alpn-listen",
    { cause },
  );
}
