-- target: local
-- Hours of projects whose traces were sampled, each row counted as many times as it stands for, beside `hours` and
-- with its versions. `spread_` are the variances of the sums over traces, `spread_both` the covariance of `failed` and
-- `found`; what is counted is of the hour's part of a trace. Percentiles are of the logarithms to 1.01, in whole
-- numbers, weights in thousandths. A row of subject '' says that all of an hour is here.
CREATE TABLE IF NOT EXISTS sightline.weighted_hours {on_cluster}
(
    project LowCardinality(String),
    hour Int32,
    version UInt64,
    subject LowCardinality(String),
    dimension LowCardinality(String),
    environment LowCardinality(String),
    value String,
    stored UInt64,
    found Float64,
    failed Float64,
    tokens Nullable(Float64),
    input_tokens Nullable(Float64),
    output_tokens Nullable(Float64),
    cost Nullable(Float64),
    spread_found Float64,
    spread_failed Float64,
    spread_tokens Float64,
    spread_input_tokens Float64,
    spread_output_tokens Float64,
    spread_cost Float64,
    spread_both Float64,
    unknown_tokens UInt64,
    unknown_cost UInt64,
    durations AggregateFunction(quantilesExactWeighted(0.5, 0.95), Float64, UInt64),
    first_tokens AggregateFunction(quantilesExactWeighted(0.95), Nullable(Float64), UInt64),
    users AggregateFunction(uniqCombined64(14), Nullable(String)),
    sessions AggregateFunction(uniqCombined64(14), Nullable(String))
)
ENGINE = {replicated}MergeTree
PARTITION BY intDiv(hour, 2016)
ORDER BY (project, subject, dimension, hour);

-- Hours that were added up without their weights are added up again.
INSERT INTO sightline.changed_hours (project, hour, changed_at)
SELECT project, toInt32(intDiv(toUnixTimestamp64Nano(start_time), 3600000000000)) AS hour, toUnixTimestamp64Micro(now64(6))
FROM sightline.spans
WHERE sample_weight > 1
GROUP BY project, hour;
