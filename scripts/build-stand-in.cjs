// Bundles the stand-in for hashicorp/aws, which `xmpp-edge plan --offline` starts, into one file:
//   node scripts/build-stand-in.cjs [FILE]     default dist/offline/stand-in-for-hashicorp-aws.cjs
const { join } = require("node:path");
const { buildSync } = require("esbuild");

const root = join(__dirname, "..");

function buildStandIn(outfile) {
  buildSync({
    entryPoints: [join(root, "src", "offline", "stand-in", "main.ts")],
    outfile,
    absWorkingDir: root,
    bundle: true,
    platform: "node",
    target: "node22",
    format: "cjs",
    minify: true,
    legalComments: "none",
    // What our own provider does in earnest: never done here.
    external: ["*/on-demand"],
    logLevel: "warning",
  });
}

module.exports = { buildStandIn };
if (require.main === module)
  buildStandIn(process.argv[2] ?? join(root, "dist", "offline", "stand-in-for-hashicorp-aws.cjs"));
