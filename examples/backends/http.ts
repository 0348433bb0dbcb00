import { StateBackend, synthesise } from "xmpp-edge/constructs";
import contoso from "../contoso/edge.config";

// State on a server that speaks Terraform's HTTP protocol, GitLab here. Name and token come by TF_HTTP_USERNAME and
// TF_HTTP_PASSWORD, never by this file.
const backend = StateBackend.http({
  address: "https://gitlab.contoso.example/api/v4/projects/42/terraform/state/edge",
  lockMethods: ["POST", "DELETE"],
});

synthesise(contoso, process.env.CDKTF_OUTDIR ?? "cdktf.out", { backend });
