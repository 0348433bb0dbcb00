import type { IncomingMessage } from "node:http";
import { type Answer, RefusedRequest } from "./answer";

export interface RequestContext {
  readonly request: IncomingMessage;
  readonly query: URLSearchParams;
}

/** What one path does, by method. */
export type Route = Readonly<Record<string, (context: RequestContext) => Answer | Promise<Answer>>>;

/** Runs the handler of the request's method; HEAD is answered as GET, and Node leaves out the body. */
export async function runRoute(route: Route | undefined, context: RequestContext, path: string): Promise<Answer> {
  if (route === undefined) throw new RefusedRequest(404, "not-found", `there is nothing at ${path.slice(0, 200)}`);
  const method = context.request.method ?? "";
  const handler = Object.hasOwn(route, method) ? route[method] : method === "HEAD" ? route.GET : undefined;
  if (handler === undefined) {
    const allowed = Object.keys(route).flatMap((name) => (name === "GET" ? ["GET", "HEAD"] : [name]));
    throw new RefusedRequest(405, "method-not-allowed", `use ${allowed.join(", ")} here`, {
      Allow: allowed.join(", "),
    });
  }
  return handler(context);
}
