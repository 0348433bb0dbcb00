import { StateBackend, synthesise } from "xmpp-edge/constructs";
import contoso from "../contoso/edge.config";

// State in a file, for one person: beside the folder that is synthesised to, and named after the edge. The path is as
// seen from the stack's folder.
const backend = StateBackend.local("../../../terraform.contoso.tfstate");

synthesise(contoso, process.env.CDKTF_OUTDIR ?? "cdktf.out", { backend });
