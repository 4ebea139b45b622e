// A server for tests that answers as it is told and keeps what it got.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";

export interface Got {
  path: string;
  headers: Record<string, unknown>;
  raw: Buffer;
  json: Record<string, never>;
}

export type Answering = (
  got: Got,
  count: number,
) => { status: number; headers?: Record<string, string>; body?: string };

export class Receiver {
  readonly got: Got[] = [];
  answering: Answering = () => ({ status: 200, body: "{}" });
  private readonly server: Server;

  constructor() {
    this.server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        const raw = Buffer.concat(parts);
        const plain = request.headers["content-encoding"] === "gzip" ? gunzipSync(raw) : raw;
        const got = {
          path: request.url ?? "",
          headers: request.headers,
          raw,
          json: JSON.parse(String(plain)) as Record<string, never>,
        };
        this.got.push(got);
        const { status, headers = {}, body = "" } = this.answering(got, this.got.length);
        response.writeHead(status, headers).end(body);
      });
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((ok) => this.server.listen(0, "127.0.0.1", ok));
    return this.url;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((ok) => this.server.close(ok));
  }

  /** Records of a signal so far, each as OTLP/JSON. */
  records(signal: "traces" | "logs"): Record<string, unknown>[] {
    const [outer, middle, inner] =
      signal === "traces"
        ? ["resourceSpans", "scopeSpans", "spans"]
        : ["resourceLogs", "scopeLogs", "logRecords"];
    type Level = Record<string, Level[]>;
    return this.got
      .filter((got) => got.path === `/v1/${signal}`)
      .flatMap((got) => (got.json as unknown as Level)[outer] ?? [])
      .flatMap((resource) => resource[middle] ?? [])
      .flatMap((scope) => scope[inner] ?? []);
  }
}

/** Attributes of an OTLP/JSON record as a plain object. */
export function attributes(record: Record<string, unknown> | undefined): Record<string, unknown> {
  const list = (record?.attributes ?? []) as { key: string; value: Record<string, unknown> }[];
  return Object.fromEntries(
    list.map(({ key, value }) => {
      const [kind, said] = Object.entries(value)[0] ?? [];
      if (kind === "intValue") return [key, Number(said)];
      if (kind === "arrayValue")
        return [key, (said as { values: object[] }).values.map((item) => Object.values(item)[0] as unknown)];
      return [key, said];
    }),
  );
}
