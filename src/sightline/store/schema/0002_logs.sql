-- target: local
-- One row per log record, linked to its span by trace_id and span_id ('' when it names none).
CREATE TABLE IF NOT EXISTS sightline.logs {on_cluster}
(
    project LowCardinality(String),
    time DateTime64(9, 'UTC') CODEC(Delta, LZ4),
    observed_time DateTime64(9, 'UTC') CODEC(Delta, LZ4),
    received_at DateTime64(9, 'UTC') CODEC(Delta, LZ4),
    digested_at DateTime64(6, 'UTC') CODEC(Delta, LZ4),
    source LowCardinality(String),
    trace_id String CODEC(ZSTD(1)),
    span_id String CODEC(ZSTD(1)),
    severity_number UInt8,
    severity_text LowCardinality(String),
    event_name LowCardinality(String),
    body String CODEC(ZSTD(1)),
    body_type LowCardinality(String),
    service LowCardinality(Nullable(String)),
    service_version LowCardinality(Nullable(String)),
    environment LowCardinality(Nullable(String)),
    scope LowCardinality(String),
    scope_version LowCardinality(String),
    dropped_attributes UInt32,
    content Nested (
        field LowCardinality(String),
        hash FixedString(16),
        size UInt32
    ),
    attributes JSON(max_dynamic_paths = 64),
    resource JSON(max_dynamic_paths = 32),
    retention_days UInt16,
    INDEX by_trace trace_id TYPE bloom_filter(0.001) GRANULARITY 1
)
ENGINE = {replicated}MergeTree
PARTITION BY toMonday(time)
ORDER BY (project, time)
TTL toDateTime(received_at) + toIntervalDay(retention_days) DELETE
SETTINGS
    min_bytes_for_wide_part = 268435456,
    non_replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1;
