import { synthesise } from "xmpp-edge/constructs";
import contoso from "../examples/contoso/edge.config";

// The example stack: contoso's edge on AWS. Its image is the example's, which no registry holds; give the digest of
// a real one, `{ image: GatewayImage.fromReference("…@sha256:…") }`, before deploying.
const { stack, file } = synthesise(contoso, process.env.CDKTF_OUTDIR ?? "cdktf.out");
process.stdout.write(`${stack}: ${file}\n`);
