-- target: local
-- What the overview shows of a project, hour by hour, made from spans beside the server (query/hour_keeper.py), so that
-- a month is added up from 720 hours and not from ten million spans. Hours count from 1970. What is here is never the
-- truth: an hour that changed since it was made is measured anew, from its spans. Moments are microseconds.
CREATE TABLE IF NOT EXISTS sightline.changed_hours {on_cluster}
(
    project LowCardinality(String),
    hour Int32,
    changed_at UInt64
)
ENGINE = {replicated}ReplacingMergeTree(changed_at)
ORDER BY (project, hour)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- `version`: the moment (microseconds) before the hour was read, a number that no other hour has. `expires`: when the
-- first of its spans does. A row of subject '' stands for the hour itself, whatever is in it.
CREATE TABLE IF NOT EXISTS sightline.hours {on_cluster}
(
    project LowCardinality(String),
    hour Int32,
    version UInt64,
    expires DateTime('UTC'),
    subject LowCardinality(String),
    dimension LowCardinality(String),
    environment LowCardinality(String),
    value String,
    found UInt64,
    failed UInt64,
    durations AggregateFunction(quantilesDD(0.005, 0.5, 0.95), UInt64),
    first_tokens AggregateFunction(quantilesDD(0.005, 0.95), Nullable(UInt64)),
    tokens Nullable(UInt64),
    input_tokens Nullable(UInt64),
    output_tokens Nullable(UInt64),
    unknown_tokens UInt64,
    cost Nullable(Float64),
    unknown_cost UInt64,
    users AggregateFunction(uniqCombined64(14), Nullable(String)),
    sessions AggregateFunction(uniqCombined64(14), Nullable(String))
)
ENGINE = {replicated}MergeTree
PARTITION BY intDiv(hour, 2016)
ORDER BY (project, subject, dimension, hour);

-- Spans from before are read when there is time.
INSERT INTO sightline.changed_hours (project, hour, changed_at)
SELECT project, toInt32(intDiv(toUnixTimestamp64Nano(start_time), 3600000000000)) AS hour, toUnixTimestamp64Micro(now64(6)) - 86400000000
FROM sightline.spans
GROUP BY project, hour;
