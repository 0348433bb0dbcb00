import {
  bidiFeatureNamespace,
  dialbackFeatureNamespace,
  limitsNamespace,
  managementNamespace,
  saslNamespace,
  streamsNamespace,
  tlsNamespace,
} from "./namespaces";
import { limitsElement, readLimits, type StreamLimits } from "./stream-limits";
import { childNamed, type Element, elements, textOf, xml } from "./xml/element";

/** What a stream offers next (RFC 6120 section 4.3.2). */
export interface Features {
  readonly starttls?: "required" | "optional";
  /** SASL mechanisms by name. */
  readonly mechanisms?: readonly string[];
  /** Dialback as a feature, and whether its errors are understood (XEP-0220 section 2.3). */
  readonly dialback?: { readonly errors: boolean };
  /** Stanzas may travel both ways on the stream (XEP-0288). */
  readonly bidi?: true;
  /** Stream management (XEP-0198). */
  readonly management?: true;
  /** What the side that announces them takes (XEP-0478). */
  readonly limits?: StreamLimits;
}

/** The `<stream:features/>` element; empty where nothing is left to negotiate. */
export function featuresElement(features: Features): Element {
  const children: Element[] = [];
  if (features.starttls !== undefined)
    children.push(
      xml("starttls", tlsNamespace, {}, ...(features.starttls === "required" ? [xml("required", tlsNamespace)] : [])),
    );
  if (features.mechanisms !== undefined && features.mechanisms.length > 0)
    children.push(
      xml(
        "mechanisms",
        saslNamespace,
        {},
        ...features.mechanisms.map((name) => xml("mechanism", saslNamespace, {}, name)),
      ),
    );
  if (features.dialback !== undefined)
    children.push(
      xml(
        "dialback",
        dialbackFeatureNamespace,
        {},
        ...(features.dialback.errors ? [xml("errors", dialbackFeatureNamespace)] : []),
      ),
    );
  if (features.bidi) children.push(xml("bidi", bidiFeatureNamespace));
  if (features.management) children.push(xml("sm", managementNamespace, {}, xml("optional", managementNamespace)));
  if (features.limits !== undefined) children.push(limitsElement(features.limits));
  return xml("features", streamsNamespace, {}, ...children);
}

/** Reads a peer's features; an empty list of mechanisms, as ejabberd sends, is none. */
export function readFeatures(el: Element): Features {
  const starttls = childNamed(el, "starttls", tlsNamespace);
  const mechanisms = childNamed(el, "mechanisms", saslNamespace);
  const names =
    mechanisms === undefined
      ? []
      : elements(mechanisms)
          .filter((one) => one.name === "mechanism")
          .map((one) => textOf(one).trim().toUpperCase());
  const dialback = childNamed(el, "dialback", dialbackFeatureNamespace);
  const limits = childNamed(el, "limits", limitsNamespace);
  return {
    ...(starttls === undefined
      ? {}
      : { starttls: childNamed(starttls, "required", tlsNamespace) === undefined ? "optional" : "required" }),
    ...(names.length === 0 ? {} : { mechanisms: names.slice(0, 32) }),
    ...(dialback === undefined
      ? {}
      : { dialback: { errors: childNamed(dialback, "errors", dialbackFeatureNamespace) !== undefined } }),
    ...(childNamed(el, "bidi", bidiFeatureNamespace) === undefined ? {} : { bidi: true as const }),
    ...(childNamed(el, "sm", managementNamespace) === undefined ? {} : { management: true as const }),
    ...(limits === undefined ? {} : { limits: readLimits(limits) }),
  };
}
