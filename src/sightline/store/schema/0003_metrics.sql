-- target: local
-- One row per data point of any kind; what a kind does not have is NULL or empty.
CREATE TABLE IF NOT EXISTS sightline.metrics {on_cluster}
(
    project LowCardinality(String),
    name LowCardinality(String),
    type LowCardinality(String),
    unit LowCardinality(String),
    description LowCardinality(String),
    temporality LowCardinality(String),
    monotonic Bool,
    time DateTime64(9, 'UTC') CODEC(Delta, LZ4),
    start_time DateTime64(9, 'UTC') CODEC(Delta, LZ4),
    received_at DateTime64(9, 'UTC') CODEC(Delta, LZ4),
    digested_at DateTime64(6, 'UTC') CODEC(Delta, LZ4),
    source LowCardinality(String),
    value Nullable(Float64),
    value_int Nullable(Int64),
    count Nullable(UInt64),
    sum Nullable(Float64),
    min Nullable(Float64),
    max Nullable(Float64),
    bounds Array(Float64),
    bucket_counts Array(UInt64),
    scale Nullable(Int32),
    zero_count Nullable(UInt64),
    zero_threshold Nullable(Float64),
    positive_offset Nullable(Int32),
    positive_counts Array(UInt64),
    negative_offset Nullable(Int32),
    negative_counts Array(UInt64),
    quantiles Array(Float64),
    quantile_values Array(Float64),
    exemplars Nested (
        time DateTime64(9, 'UTC'),
        value Float64,
        trace_id String,
        span_id String,
        attributes String
    ),
    flags UInt32,
    service LowCardinality(Nullable(String)),
    service_version LowCardinality(Nullable(String)),
    environment LowCardinality(Nullable(String)),
    scope LowCardinality(String),
    scope_version LowCardinality(String),
    attributes JSON(max_dynamic_paths = 64),
    resource JSON(max_dynamic_paths = 32),
    retention_days UInt16
)
ENGINE = {replicated}MergeTree
PARTITION BY toMonday(time)
ORDER BY (project, name, time)
TTL toDateTime(received_at) + toIntervalDay(retention_days) DELETE
SETTINGS
    min_bytes_for_wide_part = 268435456,
    non_replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1;
