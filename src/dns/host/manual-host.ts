import { checkRecord, type DnsHost, type HostRecord, recordLine } from "./dns-host";

/** Asks a person to make the change: `show` gets one text with the zone file lines, and resolves when it is shown. */
export function manualHost(show: (text: string) => Promise<void> | void): DnsHost {
  const ask = async (what: string, records: readonly HostRecord[]) => {
    for (const record of records) checkRecord(record);
    if (records.length > 0) await show(`${what}\n${records.map((record) => `  ${recordLine(record)}\n`).join("")}`);
  };
  return {
    name: "a person",
    publish: (records) => ask("Add these DNS records; others at the same names may stay:", records),
    remove: (records) => ask("These DNS records have served and can be removed:", records),
    /** Nobody can be asked; what is published shows at the name servers. */
    read: async () => [],
  };
}
