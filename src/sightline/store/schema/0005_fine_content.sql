-- target: local
-- A page looks up some fifty texts of about a kilobyte by hash: with 1,024 rows to a granule it unpacked 50 MB for
-- them. The steps can be run again from the start after a kill at any of them: the copy is always made anew.
DROP TABLE IF EXISTS sightline.content_fine {on_cluster} SYNC;

CREATE TABLE IF NOT EXISTS sightline.content_fine {on_cluster}
(
    project LowCardinality(String),
    hash FixedString(16),
    body String CODEC(ZSTD(1)),
    parts Array(FixedString(16)),
    expires Date
)
ENGINE = {replicated}ReplacingMergeTree(expires)
ORDER BY (project, hash)
TTL expires DELETE
SETTINGS
    index_granularity = 128,
    min_bytes_for_wide_part = 268435456,
    non_replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1;

INSERT INTO sightline.content_fine SELECT project, hash, body, parts, expires FROM sightline.content;

EXCHANGE TABLES sightline.content_fine AND sightline.content {on_cluster};

DROP TABLE IF EXISTS sightline.content_fine {on_cluster} SYNC;

-- Most of a span's columns are NULL: a column that nearly always is takes no space and no time in merges.
ALTER TABLE sightline.spans {on_cluster} MODIFY SETTING nullable_serialization_version = 'allow_sparse';
