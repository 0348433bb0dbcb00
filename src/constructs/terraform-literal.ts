/**
 * Text that Terraform takes as it stands. In a template `${…}` and `%{…}` are code; what a definition says, down to an
 * organisation's name, is data. The signs before a brace become an expression that gives them: Terraform's own
 * escape (`$${`) would still look like a reference to CDKTF, which resolves them by their text.
 */
export const terraformLiteral = (text: string): string => text.replace(/[$%]+(?=\{)/g, (marks) => `\${"${marks}"}`);

/**
 * A value as JSON that Terraform takes as it stands: the markers of its templates are written with JSON's own escapes,
 * so the document that arrives has the same value and no code ever had a place in it.
 */
export const terraformJson = (value: unknown): string =>
  JSON.stringify(value).replace(/[$%](?=\{)/g, (mark) => (mark === "$" ? "\\u0024" : "\\u0025"));
