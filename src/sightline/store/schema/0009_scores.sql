-- target: local
-- One row per record of a score; of the records of one id the newest counts (docs/adr/0013-scores-are-joined.md). What
-- took a score back is a row too. Spans know nothing of their scores: they are joined when somebody asks, so a score
-- may come before its span or months after it. The keys are hashes of what the target is called, to join by.
CREATE TABLE IF NOT EXISTS sightline.scores {on_cluster}
(
    project LowCardinality(String),
    id String CODEC(ZSTD(1)),
    name LowCardinality(String),
    target LowCardinality(String),
    trace_id String CODEC(ZSTD(1)),
    span_id String CODEC(ZSTD(1)),
    session_id String CODEC(ZSTD(1)),
    response_id String CODEC(ZSTD(1)),
    data_type LowCardinality(String),
    value Nullable(Float64),
    label LowCardinality(String),
    comment String CODEC(ZSTD(1)),
    correction String CODEC(ZSTD(1)),
    source LowCardinality(String),
    author String CODEC(ZSTD(1)),
    method LowCardinality(String),
    environment LowCardinality(String),
    service LowCardinality(String),
    time DateTime64(9, 'UTC') CODEC(Delta, LZ4),
    received_at DateTime64(9, 'UTC') CODEC(Delta, LZ4),
    digested_at DateTime64(6, 'UTC') CODEC(Delta, LZ4),
    version UInt64,
    deleted UInt8,
    subject UInt64 DEFAULT if(target = 'session', cityHash64('', '', session_id), cityHash64(trace_id, span_id)),
    trace_key UInt64 DEFAULT cityHash64(trace_id),
    -- What comes with a public key is anybody's claim, and stands below everything that is known to be one's own.
    standing UInt8 DEFAULT if(startsWith(id, 'public:'), 0,
        transform(CAST(source, 'String'), ['person', 'end_user', 'evaluator', 'rule'], [4, 3, 2, 1], 0)),
    retention_days UInt16,
    INDEX by_trace trace_id TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX by_session session_id TYPE bloom_filter(0.001) GRANULARITY 1
)
ENGINE = {replicated}ReplacingMergeTree(version, deleted)
ORDER BY (project, id)
TTL toDateTime(received_at) + toIntervalDay(retention_days) DELETE
SETTINGS
    min_bytes_for_wide_part = 268435456,
    non_replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1;
