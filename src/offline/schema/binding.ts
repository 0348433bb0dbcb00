import { join } from "node:path";
import {
  type Attribute,
  type Block,
  isNested,
  type NestedBlock,
  type NestedType,
  type Type,
} from "../../provider/protocol/schema";
import { simpleType } from "./simple-type";
import { BindingsError, generatedSource } from "./source";
import { type Row, synthesisTable } from "./synthesis-table";

/** A member as the classes declare it: its flags from the comment, its type from the text below it. */
interface Declaration {
  readonly computed: boolean;
  readonly optional: boolean;
  readonly required: boolean;
  readonly text: string;
}

interface Member {
  readonly optional: boolean;
  readonly block: boolean;
}

const ROOT = /^Terraform(Resource|DataSource|Provider)$/;

/** What one binding says of the resource, data source or provider it binds. */
export interface Bound {
  readonly kind: "resource" | "data" | "provider";
  /** Terraform's name of it, `aws_eip`; the provider's is `aws`. */
  readonly type: string;
  readonly schema: Block;
  readonly providerVersion?: string;
}

/**
 * Reads one generated file. It states its facts in three places: comments in the classes (computed, optional,
 * required), getter bodies and field initialisers (types), and the HCL synthesis tables (list or set, at most one,
 * block or attribute).
 */
export class Binding {
  private readonly classes = new Map<string, { parent: string; body: string }>();
  private readonly tables = new Map<string, string>();
  private readonly interfaces = new Map<string, string>();

  constructor(private readonly folder: string) {
    const source = generatedSource(folder);
    for (const m of source.matchAll(/^export class (\w+) extends cdkt[fn]\.(\w+) \{\n([\s\S]*?)^\}/gm)) {
      this.classes.set(m[1]!, { parent: m[2]!, body: m[3]! });
    }
    for (const m of source.matchAll(/^export function (\w+)ToHclTerraform\([\s\S]*?^\}/gm)) {
      this.tables.set(m[1]!.toLowerCase(), m[0]);
    }
    for (const m of source.matchAll(/^export interface (\w+)[^{]*\{\n([\s\S]*?)^\}/gm))
      this.interfaces.set(m[1]!, m[2]!);
  }

  read(): Bound {
    const root = [...this.classes].find(([, c]) => ROOT.test(c.parent));
    if (!root) throw new BindingsError(this.folder, "binds no resource, data source or provider");
    const [name, { parent, body }] = root;
    const type = /tfResourceType = "(\w+)"/.exec(body)?.[1];
    if (type === undefined) throw new BindingsError(this.folder, "names no Terraform type");
    const providerVersion = /providerVersion: '([^']+)'/.exec(body)?.[1];
    const table = /synthesizeHclAttributes\(\)[\s\S]*/.exec(body)?.[0] ?? "";
    const schema = this.block(body, `${name}Config`, table);
    // `alias` belongs to Terraform's own grammar of a provider block, not to the provider's schema.
    const { alias: _, ...attributes } = schema.attributes;
    const kind = parent === "TerraformResource" ? "resource" : parent === "TerraformDataSource" ? "data" : "provider";
    return { kind, type, schema: { ...schema, attributes }, ...(providerVersion !== undefined && { providerVersion }) };
  }

  private block(body: string, interfaceName: string, tableText: string): Block {
    const attributes: { [name: string]: Attribute } = {};
    const blocks: { [name: string]: NestedBlock } = {};
    const members = this.members(interfaceName);
    const table = synthesisTable(tableText);
    for (const [name, declaration] of declarations(body)) {
      const row = table.get(name);
      const initialiser = new RegExp(`new (\\w+)\\(this, "${name}"(?:, (true|false))?\\)`).exec(body);
      const structure = this.structureOf(initialiser?.[1]);
      if (members.get(name)?.block) {
        const nesting = row?.kind === "struct" ? "single" : row?.kind;
        if (!row || (nesting !== "single" && nesting !== "list" && nesting !== "set")) {
          throw new BindingsError(this.folder, `types the block ${name} as any`);
        }
        blocks[name] = {
          nesting,
          ...(declaration.required && { min: 1 }),
          ...(structure?.shape === "OutputReference" && nesting !== "single" && { max: 1 }),
          ...this.structure(structure?.base ?? row.storage.replace(/List$/, "")),
        };
      } else {
        const type = structure
          ? this.structuredType(structure, initialiser?.[2] === "true")
          : simpleType(declaration.text, initialiser?.[0], row);
        attributes[name] = { type, ...flags(declaration) };
      }
    }
    return { attributes, blocks };
  }

  /** Terraform names of an interface's members, with `?` and the remark "… block" of the doc comment. */
  private members(interfaceName: string): Map<string, Member> {
    const found = new Map<string, Member>();
    const text = this.interfaces.get(interfaceName) ?? "";
    for (const m of text.matchAll(/\/\*\*([\s\S]*?)\*\/\s*readonly (\w+)(\??):/g)) {
      const name = /#(\w+) /.exec(m[1]!)?.[1];
      if (name !== undefined) found.set(name, { optional: m[3] === "?", block: /\* \w+ block\b/.test(m[1]!) });
    }
    return found;
  }

  private structureOf(className: string | undefined): { base: string; shape: string } | undefined {
    const m =
      className !== undefined && this.classes.has(className)
        ? /^(\w+?)(OutputReference|List|Map)$/.exec(className)
        : null;
    return m ? { base: m[1]!, shape: m[2]! } : undefined;
  }

  private structure(base: string): Block {
    const table = this.tables.get(base.toLowerCase()) ?? "";
    const output = this.classes.get(`${base}OutputReference`);
    return output ? this.block(output.body, base, table) : this.structureFromInterface(base, table);
  }

  /** A provider's configuration has no output classes; its tables and interfaces are enough. */
  private structureFromInterface(base: string, tableText: string): Block {
    const attributes: { [name: string]: Attribute } = {};
    const blocks: { [name: string]: NestedBlock } = {};
    const members = this.members(base);
    for (const [name, row] of synthesisTable(tableText)) {
      const member = members.get(name);
      if (member?.block)
        blocks[name] = { nesting: blockNesting(row), ...this.structure(row.storage.replace(/List$/, "")) };
      else
        attributes[name] = {
          type: simpleType("", undefined, row),
          ...(member?.optional === false ? { required: true } : { optional: true }),
        };
    }
    return { attributes, blocks };
  }

  /**
   * A structured attribute: an object type when the synthesis pads missing members with null (or when nothing
   * inside can be set), else a nested type of its own.
   */
  private structuredType({ base, shape }: { base: string; shape: string }, isSet: boolean): Type | NestedType {
    const inner = this.structure(base);
    const nested = shape === "OutputReference" ? "single" : shape === "Map" ? "map" : isSet ? "set" : "list";
    const rows = [...synthesisTable(this.tables.get(base.toLowerCase()) ?? "").values()];
    if (rows.length > 0 && !rows.some((row) => row.padded)) return { nested, attributes: inner.attributes };
    return asType({ nested, attributes: inner.attributes });
  }
}

function* declarations(body: string): Generator<[string, Declaration]> {
  const marks = [
    ...body.matchAll(/^ +\/\/ (\w+) - computed: (true|false), optional: (true|false), required: (true|false)$/gm),
  ];
  for (const [at, mark] of marks.entries()) {
    const [line, name, computed, optional, required] = mark;
    const upToNext = body.slice(mark.index + line.length, marks[at + 1]?.index ?? body.length);
    const text = upToNext.split(/^ +\/\/ =+$/m)[0]!;
    yield [
      name!,
      { computed: computed === "true", optional: optional === "true", required: required === "true", text },
    ];
  }
}

function flags({ required, optional, computed }: Declaration): Omit<Attribute, "type"> {
  if (required) return { required };
  if (!optional && !computed) return { optional: true };
  return { ...(optional && { optional }), ...(computed && { computed }) };
}

const blockNesting = (row: Row): NestedBlock["nesting"] =>
  row.kind === "set" ? "set" : row.kind === "struct" ? "single" : "list";

function asType(type: Type | NestedType): Type {
  if (!isNested(type)) return type;
  const object: Type = [
    "object",
    Object.fromEntries(Object.entries(type.attributes).map(([n, a]) => [n, asType(a.type)])),
  ];
  return type.nested === "single" ? object : [type.nested, object];
}

/** The folder of a binding: `aws_eip` is `eip`, `data.aws_ami` is `data-aws-ami`, `provider` the provider itself. */
export function bindingFolder(packageFolder: string, name: string): string {
  const data = name.startsWith("data.");
  const folder = name.replace(/^(data\.)?aws_/, "").replaceAll("_", "-");
  return join(packageFolder, "lib", data ? `data-aws-${folder}` : folder);
}
