import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { imageIsThere, type PushOptions, pushImage } from "../../../../src/gateway/image/registry";
import { findCredentials } from "../../../../src/gateway/image/registry/find-credentials";
import { parseRepository } from "../../../../src/gateway/image/registry/repository";
import { EcrStandIn } from "../../../stand-in-aws/ecr";
import { AwsStandIn } from "../../../stand-in-aws/stand-in";
import { makeLayout, type TinyLayout } from "./layout";
import { TestRegistry } from "./test-registry";

const password = "correct horse battery staple";
const credentials = { username: "deploy", password };
const basic = (name: string, secret: string) => `Basic ${Buffer.from(`${name}:${secret}`).toString("base64")}`;
const digest = `sha256:${"a".repeat(64)}`;
const limits = { answer: 10_000, stall: 10_000, firstWait: 5, longestWait: 50, attempts: 2 };

let folder: string;
let layout: TinyLayout;
let registry: TestRegistry;
let repository: string;
/** Looked for credentials in nothing of the machine's own. */
let environment: Record<string, string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "xmpp-edge-authorization-"));
  layout = await makeLayout(join(folder, "layout"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(async () => {
  registry = await new TestRegistry().start();
  repository = `${registry.host}/edge/gateway`;
  environment = { HOME: await mkdtemp(join(folder, "home-")) };
});
afterEach(async () => {
  jest.restoreAllMocks();
  await registry.stop();
});

const push = (more: Partial<PushOptions> = {}) =>
  pushImage({ layout: layout.directory, digest: layout.digest, repository, tag: "v1", limits, environment, ...more });

describe("a registry that asks for a user", () => {
  beforeEach(() => {
    registry.user = { name: "deploy", password };
  });

  test("is told the environment's", async () => {
    await push({
      environment: { XMPP_EDGE_REGISTRY_USERNAME: "deploy", XMPP_EDGE_REGISTRY_PASSWORD: password },
    });
    expect(registry.tags.get("v1")).toBe(layout.digest);
  });

  test("and gets none is said to, with the remedy", async () => {
    await expect(push()).rejects.toMatchObject({
      code: "registry-unauthorized",
      message: expect.stringContaining("asks for a user"),
      remedy: expect.stringContaining("XMPP_EDGE_REGISTRY_USERNAME"),
    });
  });

  test("and does not take the password is asked no more, and the password shown to nobody", async () => {
    registry.user = { name: "deploy", password: "another" };
    const wrong = await push({ credentials }).catch((error: Error) => error);
    expect(wrong).toMatchObject({ code: "registry-unauthorized" });
    expect(registry.seen.filter(({ authorization }) => authorization !== undefined).length).toBeLessThanOrEqual(3);
    for (const secret of [password, basic("deploy", password).slice(6)])
      expect(JSON.stringify([wrong, String(wrong), (wrong as Error).stack])).not.toContain(secret);
  });

  test("and quotes the password in its refusal is not quoted", async () => {
    registry.misbehave = (_request, response, { method, authorization }) => {
      if (method !== "POST") return false;
      const message = `${password} / ${authorization} may not push`;
      response.writeHead(403).end(JSON.stringify({ errors: [{ code: "DENIED", message }] }));
      return true;
    };
    const denied = (await push({ credentials }).catch((error: Error) => error)) as Error;
    expect(denied.message).toContain("DENIED: … / Basic … may not push");
  });

  test("in a way that nobody knows", async () => {
    registry.misbehave = (_request, response) => {
      response.writeHead(401, { "www-authenticate": "Negotiate" }).end();
      return true;
    };
    await expect(push({ credentials })).rejects.toMatchObject({ code: "registry-misbehaves" });
  });
});

describe("a registry that asks for a token", () => {
  let given: string[];
  beforeEach(() => {
    given = [];
    registry.goodToken = (token) => token === given.at(-1);
    registry.giveToken = () => {
      given.push(`token-${given.length}`);
      return { body: { token: given.at(-1), expires_in: 300 } };
    };
  });

  test("gets the one that its realm gives for user and password, for this repository and no more", async () => {
    await push({ credentials });
    const asked = registry.requests("GET", /^\/token/);
    expect(asked.map(({ path, authorization }) => [path, authorization])).toEqual([
      ["/token?scope=repository%3Aedge%2Fgateway%3Apull%2Cpush&service=test", basic("deploy", password)],
    ]);
    expect(registry.requests("PUT", /./).every(({ authorization }) => authorization === "Bearer token-0")).toBe(true);
  });

  test("gets an anonymous one where no user is known", async () => {
    await push();
    expect(registry.requests("GET", /^\/token/).map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  test("gets one for the identity token that a login left (OAuth2)", async () => {
    let form = "";
    const give = registry.giveToken;
    registry.giveToken = (seen, body) => {
      form = body;
      return give(seen, body);
    };
    await push({ credentials: { identityToken: "refresh me" } });
    expect(Object.fromEntries(new URLSearchParams(form))).toEqual({
      grant_type: "refresh_token",
      client_id: "xmpp-edge",
      refresh_token: "refresh me",
      scope: "repository:edge/gateway:pull,push",
      service: "test",
    });
  });

  test("gets a fresh one when the first ends in the middle of the push", async () => {
    let uploads = 0;
    registry.misbehave = (_request, _response, { method, path }) => {
      if (method === "PUT" && path.includes("uploads") && ++uploads === 2) given.push("nobody's");
      return false;
    };
    await push({ credentials });
    expect(registry.tags.get("v1")).toBe(layout.digest);
    expect(registry.requests("GET", /^\/token/)).toHaveLength(2);
  });

  test("and does not take the fresh one either is not asked for ever", async () => {
    registry.goodToken = () => false;
    await expect(push({ credentials })).rejects.toMatchObject({ code: "registry-unauthorized" });
    expect(registry.requests("GET", /^\/token/).length).toBeLessThanOrEqual(3);
  });

  test("gets a new one before the old one ends", async () => {
    let now = Date.now();
    jest.spyOn(Date, "now").mockImplementation(() => now);
    let endsAt = 0;
    let late = 0;
    registry.giveToken = () => {
      given.push(`token-${given.length}`);
      endsAt = now + 300_000;
      return { body: { access_token: given.at(-1), expires_in: 300 } };
    };
    registry.goodToken = (token) => {
      if (token !== "" && now > endsAt) late++;
      return token === given.at(-1) && now <= endsAt;
    };
    // Manifests go one after the other; after each the token's time is over.
    registry.misbehave = (_request, response, { path, authorization }) => {
      const ends = path.includes("/manifests/") && authorization !== undefined;
      if (ends) response.once("finish", () => (now += 400_000));
      return false;
    };
    await push({ credentials });
    expect(registry.tags.get("v1")).toBe(layout.digest);
    expect(given.length).toBeGreaterThan(1);
    expect(late).toBe(0);
  });

  test.each<[string, () => { status?: number; body: unknown }, string]>([
    ["refuses user and password", () => ({ status: 401, body: {} }), "registry-unauthorized"],
    ["gives none", () => ({ body: {} }), "registry-misbehaves"],
    ["gives one with line ends", () => ({ body: { token: "a\r\nx-other: b" } }), "registry-misbehaves"],
    ["gives no object", () => ({ body: [] }), "registry-misbehaves"],
    ["gives an endless one", () => ({ body: { token: "x".repeat(100_000) } }), "registry-misbehaves"],
    ["fails each time", () => ({ status: 503, body: {} }), "registry-busy"],
  ])("and whose realm %s", async (_, giveToken, code) => {
    registry.giveToken = giveToken;
    const failed = (await push({ credentials }).catch((error: Error) => error)) as Error;
    expect(failed).toMatchObject({ code });
    expect(failed.message).not.toContain(password);
  });

  test.each([
    ["without TLS elsewhere", "http://192.0.2.1/token", "registry-insecure"],
    ["in a file", "file:///etc/passwd", "registry-insecure"],
    ["nowhere", "token please", "registry-misbehaves"],
    ["with a user of its own", "https://user:secret@auth.example/token", "registry-misbehaves"],
  ])("%s gets no password", async (_, realm, code) => {
    registry.realm = realm;
    await expect(push({ credentials })).rejects.toMatchObject({ code });
    expect(registry.requests("GET", /^\/token/)).toEqual([]);
  });
});

describe("a registry elsewhere", () => {
  /** The test registry, as if it were registry.example. */
  const away = async (url: string | URL | Request, init?: RequestInit) => {
    asked.push(String(url));
    return fetch(String(url).replace(/^https?:\/\/registry\.example/, `http://${registry.host}`), init);
  };
  let asked: string[];
  beforeEach(() => {
    asked = [];
  });
  const image = { repository: "registry.example/edge/gateway", digest, limits, fetch: away as typeof fetch };

  test("is spoken to over TLS", async () => {
    await expect(imageIsThere({ ...image, environment })).resolves.toBe("absent");
    expect(asked.every((url) => url.startsWith("https://registry.example/"))).toBe(true);
  });

  test("is spoken to without TLS by wish alone, and told no password then", async () => {
    await expect(imageIsThere({ ...image, environment, plainHttp: true })).resolves.toBe("absent");
    expect(asked.every((url) => url.startsWith("http://registry.example/"))).toBe(true);
    registry.user = { name: "deploy", password };
    await expect(imageIsThere({ ...image, credentials, plainHttp: true })).rejects.toMatchObject({
      code: "registry-insecure",
    });
    expect(registry.seen.every(({ authorization }) => authorization === undefined)).toBe(true);
  });

  test("that sends us to this machine without TLS is not followed", async () => {
    registry.misbehave = (_request, response) => {
      response.writeHead(307, { location: `http://${registry.host}/elsewhere` }).end();
      return true;
    };
    await expect(imageIsThere({ ...image, environment })).rejects.toMatchObject({ code: "registry-insecure" });
    expect(registry.requests("HEAD", /elsewhere/)).toEqual([]);
  });

  test("whose realm is on this machine gets no password for it", async () => {
    registry.goodToken = () => false;
    await expect(imageIsThere({ ...image, credentials })).rejects.toMatchObject({ code: "registry-insecure" });
    expect(registry.requests("GET", /^\/token/)).toEqual([]);
  });
});

test("another place that a registry sends a layer to gets the layer, and not who we are", async () => {
  registry.user = { name: "deploy", password };
  const seen: { authorization: string | undefined; bytes: number; url: string }[] = [];
  const store = createServer((request, response) => {
    let bytes = 0;
    request.on("data", (piece: Buffer) => {
      bytes += piece.length;
    });
    request.on("end", () => {
      seen.push({ authorization: request.headers.authorization, bytes, url: request.url ?? "" });
      response.writeHead(201).end();
    });
  });
  await new Promise<void>((resolve) => store.listen(0, "127.0.0.1", resolve));
  const { port } = store.address() as { port: number };
  const big = layout.layers[0]!;
  let redirected = 0;
  registry.misbehave = (request, response, { method, path }) => {
    if (method !== "PUT" || !path.includes(encodeURIComponent(big.digest))) return false;
    redirected++;
    request
      .resume()
      .on("end", () =>
        response.writeHead(307, { location: `http://127.0.0.1:${port}/bucket?X-Signature=a%2Bb` }).end(),
      );
    return true;
  };
  // The registry knows nothing of what arrived elsewhere, and refuses the manifest: enough has been seen by then.
  await expect(push({ credentials })).rejects.toMatchObject({ code: "registry-refused" });
  store.closeAllConnections();
  store.close();
  expect(redirected).toBe(1);
  expect(seen).toEqual([{ authorization: undefined, bytes: big.size, url: "/bucket?X-Signature=a%2Bb" }]);
});

describe("credentials", () => {
  const find = (text = "registry.example:5000/edge/gateway") =>
    findCredentials({ repository: parseRepository(text), environment, signal: new AbortController().signal });
  const write = async (path: string, value: unknown) => {
    const file = join(environment.HOME as string, path);
    await mkdir(join(file, ".."), { recursive: true });
    await writeFile(file, typeof value === "string" ? value : JSON.stringify(value));
    return file;
  };
  const auth = (name: string) => ({ auth: Buffer.from(`${name}:se:cret`).toString("base64") });
  const user = (username: string) => ({ username, password: "se:cret" });

  test.each([
    [".docker/config.json", "registry.example:5000"],
    [".docker/config.json", "https://registry.example:5000/v1/"],
    [".config/containers/auth.json", "registry.example:5000"],
    [".config/containers/auth.json", "registry.example:5000/edge"],
  ])("come from %s, kept under %s", async (file, key) => {
    await write(file, { auths: { "other.example": auth("other"), [key]: auth("deploy") } });
    await expect(find()).resolves.toEqual(user("deploy"));
  });

  test("are those of the closest name", async () => {
    const host = "registry.example:5000";
    await write(".config/containers/auth.json", { auths: { [host]: auth("host"), [`${host}/edge`]: auth("edge") } });
    await expect(find()).resolves.toEqual(user("edge"));
    await expect(find(`${host}/edges/gateway`)).resolves.toEqual(user("host"));
  });

  test("of Docker Hub are under its old name", async () => {
    await write(".docker/config.json", { auths: { "https://index.docker.io/v1/": auth("hub") } });
    await expect(find("docker.io/contoso/gateway")).resolves.toEqual(user("hub"));
  });

  test("come from REGISTRY_AUTH_FILE alone where it is set", async () => {
    await write(".docker/config.json", { auths: { "registry.example:5000": auth("docker") } });
    environment.REGISTRY_AUTH_FILE = await write("mine.json", { auths: {} });
    await expect(find()).resolves.toBeUndefined();
  });

  test("may be a token that stands for a login", async () => {
    await write(".docker/config.json", { auths: { "registry.example:5000": { identitytoken: "refresh me" } } });
    await expect(find()).resolves.toEqual({ identityToken: "refresh me" });
  });

  test.each([
    ["that is no JSON", '{"auths": {"registry.example:5000": {"auth": "c2VjcmV0'],
    ["with an entry without a password", { auths: { "registry.example:5000": { auth: "c2VjcmV0" } } }],
    ["that is too large", `"${"c2VjcmV0".repeat(200_000)}"`],
  ])("in a file %s are an error that quotes nothing of it", async (_, value) => {
    await write(".docker/config.json", value);
    const failed = (await find().catch((error: Error) => error)) as Error;
    expect(failed).toMatchObject({ code: "credentials-invalid", message: expect.stringContaining("config.json") });
    expect(failed.message).not.toContain("c2VjcmV0");
    expect(failed.message).not.toContain("secret");
  });

  test("half given by the environment are an error", async () => {
    environment.XMPP_EDGE_REGISTRY_USERNAME = "deploy";
    await expect(find()).rejects.toMatchObject({
      code: "credentials-invalid",
      message: expect.stringContaining("XMPP_EDGE_REGISTRY_PASSWORD is not set"),
    });
  });

  describe("of a helper", () => {
    const helper = async (name: string, script: string) => {
      const file = await write(`bin/docker-credential-${name}`, `#!/bin/sh\n${script}\n`);
      await chmod(file, 0o755);
      environment.PATH = [join(file, ".."), process.env.PATH].join(delimiter);
    };
    beforeEach(() => write(".docker/config.json", { credHelpers: { "registry.example:5000": "test" } }));

    test("are what it answers for the registry", async () => {
      await helper("test", 'read server; [ "$1" = get ] && printf \'{"Username":"%s","Secret":"se:cret"}\' "$server"');
      await expect(find()).resolves.toEqual(user("registry.example:5000"));
    });

    test("may be a token", async () => {
      await helper("test", 'echo \'{"Username":"<token>","Secret":"refresh me"}\'');
      await expect(find()).resolves.toEqual({ identityToken: "refresh me" });
    });

    test("may be none", async () => {
      await helper("test", "echo 'credentials not found in native keychain'; exit 1");
      await expect(find()).resolves.toBeUndefined();
    });

    test.each([
      ["fails", "echo se:cret; exit 3"],
      ["gives no JSON", "echo se:cret"],
      ["gives no secret", 'echo \'{"Username":"deploy"}\''],
      ["has no end", "exec yes se:cret"],
    ])("that %s are an error that quotes nothing of it", async (_, script) => {
      await helper("test", script);
      const failed = (await find().catch((error: Error) => error)) as Error;
      expect(failed).toMatchObject({ code: "credentials-invalid" });
      expect(failed.message).toContain("docker-credential-test");
      expect(failed.message).not.toContain("se:cret");
    });

    test.each(["not-there", "../../bin/sh", "a b"])("named %j cannot be asked", async (name) => {
      await write(".docker/config.json", { credHelpers: { "registry.example:5000": name } });
      await expect(find()).rejects.toMatchObject({ code: "credentials-invalid" });
    });
  });
});

describe("Amazon ECR (a stand-in of its API)", () => {
  const host = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";
  const before: Record<string, string | undefined> = {};
  const set = (variables: Readonly<Record<string, string | undefined>>) => {
    for (const [name, value] of Object.entries(variables)) {
      if (!(name in before)) before[name] = process.env[name];
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
  let aws: AwsStandIn;
  let ecr: EcrStandIn;
  beforeEach(async () => {
    ecr = new EcrStandIn(`https://${host}`);
    aws = await new AwsStandIn(ecr).start();
    // The AWS library looks nowhere else.
    const nowhere = join(folder, "nowhere");
    set({ ...aws.environment, AWS_EC2_METADATA_DISABLED: "true", AWS_CONFIG_FILE: nowhere });
    set({ AWS_SHARED_CREDENTIALS_FILE: nowhere, AWS_PROFILE: undefined });
  });
  afterEach(async () => {
    await aws.stop();
    set({ ...before });
  });
  const find = () =>
    findCredentials({ repository: parseRepository(`${host}/edge`), environment, signal: new AbortController().signal });

  test("gives its token for this machine's AWS credentials", async () => {
    await expect(find()).resolves.toEqual({ username: "AWS", password: ecr.password });
    expect(aws.calls).toEqual(["ecr GetAuthorizationToken 200"]);
  });

  test("is not asked where this machine has none; a login counts then", async () => {
    set({ AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined, AWS_SESSION_TOKEN: undefined });
    await expect(find()).resolves.toBeUndefined();
    const auth = Buffer.from("AWS:from a login").toString("base64");
    await mkdir(join(environment.HOME as string, ".docker"));
    await writeFile(
      join(environment.HOME as string, ".docker/config.json"),
      JSON.stringify({ auths: { [host]: { auth } } }),
    );
    await expect(find()).resolves.toEqual({ username: "AWS", password: "from a login" });
    expect(aws.calls).toEqual([]);
  });

  test("that refuses is quoted", async () => {
    aws.fail("ecr", 400, "AccessDeniedException", 9);
    await expect(find()).rejects.toMatchObject({
      code: "registry-denied",
      message: expect.stringContaining("AccessDeniedException"),
      remedy: expect.stringContaining("ecr:GetAuthorizationToken"),
    });
  });

  test("gives a token that the registry behind it takes, fresh when it ends in the middle of a push", async () => {
    registry.user = { name: "AWS", password: ecr.password };
    registry.misbehave = (_request, _response, { method }) => {
      if (method === "PUT" && ecr.password === "stand-in-token") {
        ecr.password = "second token";
        registry.user = { name: "AWS", password: ecr.password };
      }
      return false;
    };
    const away = (url: URL, init?: RequestInit) =>
      fetch(String(url).replace(`https://${host}`, `http://${registry.host}`), init);
    // The test registry names itself in Location by a path alone, so it stays where it seems to be.
    await push({ repository: `${host}/edge/gateway`, fetch: away as typeof fetch });
    expect(registry.tags.get("v1")).toBe(layout.digest);
    expect(aws.calls).toEqual(["ecr GetAuthorizationToken 200", "ecr GetAuthorizationToken 200"]);
  });
});
