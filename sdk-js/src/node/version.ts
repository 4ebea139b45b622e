// The version of this package; the build compares it with package.json.

export const VERSION = "0.1.0";
