import { ImportableResource, type IResolvable, TerraformResource } from "cdktf";
import type { Construct } from "constructs";
import { hclAttributes } from "./hcl-attributes";
import { elementConfig, type MetaArguments } from "./meta-arguments";

export interface XmppedgeImageConfig extends MetaArguments {
  /** Directory of the OCI layout that holds the image, as `image build` makes it. Another path alone changes nothing. */
  readonly layout: string;
  /** Where the image is pushed to: `host[:port]/name`. Another one replaces the resource. */
  readonly repository: string;
  /** `sha256:…` of the manifest or index in the layout. Another one is pushed in place; the plan shows both. */
  readonly digest: string;
  /**
   * A tag that names the image as well, written after everything else is there.
   * @default none: images are run by digest
   */
  readonly tag?: string;
  /**
   * Whether the image is deleted from the registry with this resource.
   * @default false: hosts may still run it
   */
  readonly deleteOnDestroy?: boolean | IResolvable;
}

/** An image that is pushed to a registry within the deploy. */
export class XmppedgeImage extends TerraformResource {
  static readonly tfResourceType = "xmppedge_image";

  /** @param importFromId `repository@sha256:…` */
  static generateConfigForImport(scope: Construct, importToId: string, importFromId: string): ImportableResource {
    return new ImportableResource(scope, importToId, {
      terraformResourceType: XmppedgeImage.tfResourceType,
      importId: importFromId,
    });
  }

  constructor(
    scope: Construct,
    id: string,
    private readonly config: XmppedgeImageConfig,
  ) {
    super(scope, id, elementConfig(XmppedgeImage.tfResourceType, config));
  }

  /** The repository. */
  get id(): string {
    return this.getStringAttribute("id");
  }

  /** `repository@digest`, once the image is there: what hosts run should be taken from here. */
  get reference(): string {
    return this.getStringAttribute("reference");
  }

  get repository(): string {
    return this.getStringAttribute("repository");
  }

  get digest(): string {
    return this.getStringAttribute("digest");
  }

  protected override synthesizeAttributes(): { [name: string]: unknown } {
    const { layout, repository, digest, tag, deleteOnDestroy } = this.config;
    return { layout, repository, digest, tag, delete_on_destroy: deleteOnDestroy };
  }

  protected override synthesizeHclAttributes(): { [name: string]: unknown } {
    return hclAttributes(this.synthesizeAttributes(), { delete_on_destroy: "boolean" });
  }
}
