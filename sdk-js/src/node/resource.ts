// The resource of this process: who sends.
import * as names from "../names.js";
import { addAttributes, type Attributes } from "../core/values.js";
import type { Config } from "./configuration.js";
import { scriptName, surroundings } from "./program.js";

/** The resource of this process: who sends. */
export function resourceOf(config: Config, senderId: string, version: string): Attributes {
  const out: Attributes = {};
  addAttributes(out, config.attributes, config.maxValueChars);
  const put = (name: string, value: string | undefined): void => {
    if (value) out[name] = value;
  };
  put(names.SERVICE_NAME, config.service ?? (out[names.SERVICE_NAME] as string | undefined) ?? scriptName());
  put(names.ENVIRONMENT, config.environment);
  put(names.SERVICE_VERSION, config.release);
  put(names.SENDER, senderId);
  put(names.DISTRO_NAME, "sightline");
  put(names.DISTRO_VERSION, version);
  return Object.assign(out, surroundings());
}
