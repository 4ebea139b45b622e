CREATE DATABASE IF NOT EXISTS sightline ON CLUSTER 'main';

CREATE TABLE IF NOT EXISTS sightline.schema_steps ON CLUSTER 'main' (number UInt32, name String, checksum String, applied_at DateTime DEFAULT now()) ENGINE = ReplicatedMergeTree ORDER BY number;

CREATE TABLE IF NOT EXISTS sightline.things ON CLUSTER 'main'
(
    project LowCardinality(String),
    time DateTime64(9, 'UTC')
)
ENGINE = ReplicatedReplacingMergeTree(time)
ORDER BY project
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800, fsync_after_insert = 1;

ALTER TABLE sightline.things ON CLUSTER 'main' ADD COLUMN IF NOT EXISTS more String;

INSERT INTO sightline.schema_steps (number, name, checksum) SELECT 1, 'things', '874573af35565cf8';

CREATE TABLE IF NOT EXISTS sightline.all_things ON CLUSTER 'main' AS sightline.things
ENGINE = Distributed('main', 'sightline', 'things', sipHash64(project));

INSERT INTO sightline.schema_steps (number, name, checksum) SELECT 2, 'all_things', '0b400f616b0ec076';

