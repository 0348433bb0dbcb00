import { Packet } from "dns2";
import { APEX_TTL, type ServedRecord } from "./zone-data";

/**
 * dns2 compresses the target of SRV records. RFC 2782 forbids that, and c-ares refuses such answers from 1.34.8 on
 * (Node 22 and 26). A writer of its own knows no earlier names to point to. Replaced once, for the whole process:
 * the library offers no other place for it.
 */
(Packet.Resource as unknown as { SRV: SrvCodec }).SRV.encode = ({ priority, weight, port, target }, out) => {
  for (const number of [priority, weight, port]) out.write(number, 16);
  const name = new Packet.Writer();
  Packet.Name.encode(target, name);
  out.writeBuffer(name);
};

interface SrvCodec {
  encode(record: { priority: number; weight: number; port: number; target: string }, out: Packet.Writer): void;
}

/** A served record as dns2 writes it. */
export function toResource(record: ServedRecord): Packet.Resource {
  const { TYPE, CLASS } = Packet;
  const common = { name: record.owner, ttl: record.ttl, class: CLASS.IN, type: TYPE[record.type] };
  switch (record.type) {
    case "SOA":
      return new Packet.Resource({
        ...common,
        primary: record.host,
        admin: `hostmaster.${record.owner}`,
        serial: 1,
        refresh: 3600,
        retry: 600,
        expiration: 86_400,
        minimum: APEX_TTL,
      });
    case "NS":
      return new Packet.Resource({ ...common, ns: record.host });
    case "SRV": {
      const { priority, weight, port, target } = record;
      return new Packet.Resource({ ...common, priority, weight, port, target });
    }
    case "CAA":
      return new Packet.Resource({ ...common, flags: record.flags, tag: record.tag, value: record.value });
    default:
      return new Packet.Resource({ ...common, address: record.address });
  }
}
