/** What the documentation shows of each resource and data source; the tests validate it with Terraform. */
export const EXAMPLES: { readonly [name: string]: string } = {
  xmppedge_image: `resource "xmppedge_image" "gateway" {
  layout     = "build/image"
  repository = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/xmpp-edge"
  digest     = jsondecode(file("build/image.json")).programDigest # of \`xmpp-edge image build --json\`
}

output "image" {
  value = xmppedge_image.gateway.reference
}
`,
  xmppedge_preflight: `data "xmppedge_preflight" "name" {
  fqdn      = "xmpp.contoso.example"
  domains   = ["contoso.example"]
  addresses = [aws_eip.edge.public_ip]
}

resource "aws_route53_record" "edge" {
  zone_id    = data.aws_route53_zone.contoso.zone_id
  name       = "xmpp.contoso.example"
  type       = "A"
  ttl        = 3600
  records    = [aws_eip.edge.public_ip]
  depends_on = [data.xmppedge_preflight.name]
}
`,
  xmppedge_federation: `check "federation" {
  data "xmppedge_federation" "contoso" {
    definition = "edge.json"
  }
  assert {
    condition     = data.xmppedge_federation.contoso.verdict == "pass"
    error_message = data.xmppedge_federation.contoso.summary
  }
}
`,
};
