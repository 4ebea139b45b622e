// `node --import @sightline/sdk/register app.mjs`: Sightline before the program, set by variables alone.
import { init } from "./node/start.js";

await init().ready;
