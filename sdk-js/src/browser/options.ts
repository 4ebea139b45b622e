// What `init()` of a page is told.
import type { Who } from "../core/who.js";

/** Options of `init()`. */
export interface Options {
  /** Where Sightline is: "https://sightline.example". */
  endpoint: string;
  /** A public key, `sl_p_…`: it can only send, and only from the pages it was made for. */
  key?: string;
  /** The name of this application. */
  service?: string;
  environment?: string;
  release?: string;
  /** The share of traces that is sent, 0 to 1 (1). */
  sampling?: number;
  /**
   * Whose requests carry the trace on: origins such as "https://api.shop.example", or patterns of addresses.
   * The page's own origin always does. Others must allow the header `traceparent` (CORS).
   */
  propagateTo?: (string | RegExp)[];
  /** Which of the context's attributes go with these requests, as W3C baggage (none). */
  propagate?: string[];
  /** Follow `fetch` and XMLHttpRequest to these addresses (true). */
  requests?: boolean;
  /** Spans of page loads and navigations (false). */
  pages?: boolean;
  /** Errors that nobody caught, as log records (false). */
  errors?: boolean;
  /** Note inputs and outputs of `trace()` (false). */
  captureContent?: boolean;
  /** Changes every text before it leaves; given the attribute's name. Null leaves the field out. */
  redact?: (field: string, text: string) => string | null;
  /** Spans and log records that may wait, each (500). */
  maxQueue?: number;
  /** Who and what for, as with `context()`. */
  context?: Who;
}
