// Log lines with the ids of their trace, by what OpenTelemetry keeps for pino and winston: `node logs.cjs`.
const { init, trace } = require("@sightline/sdk");
console.log(JSON.stringify(init({ service: "logs", instrument: true }).turnedOn));
const pino = require("pino")(require("pino").destination({ sync: true }));
const winston = require("winston");
const plain = winston.createLogger({ transports: [new winston.transports.Console()] });

trace("work", (span) => {
  console.log(JSON.stringify({ traceId: span.traceId, spanId: span.spanId }));
  pino.info("of pino");
  plain.info("of winston");
});
pino.info("outside");
