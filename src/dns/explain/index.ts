export { CATALOGUE, type CatalogueEntry, catalogueEntry } from "./catalogue";
export { catalogueText, explanationText } from "./text";
