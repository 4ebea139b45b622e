// Hashes and ids, by Node.
import { createHash, createHmac, randomUUID } from "node:crypto";

/** SHA-256 in hex. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** HMAC-SHA-256 in hex. */
export function keyed(key: string, text: string): string {
  return createHmac("sha256", key).update(text).digest("hex");
}

/** A new UUID. */
export const newId = (): string => randomUUID();
