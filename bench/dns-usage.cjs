// Loaded into the process that is measured: leaves what it has used, when it ends.
const { writeFileSync } = require("node:fs");

process.on("exit", () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const used = { cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, residentBytes: maxRSS * 1024 };
  writeFileSync(process.env.XMPP_EDGE_BENCH_USAGE, JSON.stringify(used));
});
