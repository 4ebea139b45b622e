-- target: local
-- One span may stand for several that a sampler left out: `sample_weight`, NULL counting as 1. On heads `trace_weight`,
-- how many traces one stands for. `sender` and `sequence` number what a process sent, so that what is missing is seen.
ALTER TABLE sightline.spans {on_cluster}
    ADD COLUMN IF NOT EXISTS sample_weight Nullable(Float64),
    ADD COLUMN IF NOT EXISTS sample_reason LowCardinality(Nullable(String)),
    ADD COLUMN IF NOT EXISTS sender LowCardinality(Nullable(String)),
    ADD COLUMN IF NOT EXISTS sequence Nullable(UInt64) CODEC(Delta, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS trace_weight Nullable(Float64);

-- Log records of a sender have a numbering of their own.
ALTER TABLE sightline.logs {on_cluster}
    ADD COLUMN IF NOT EXISTS sender LowCardinality(Nullable(String)),
    ADD COLUMN IF NOT EXISTS sequence Nullable(UInt64) CODEC(Delta, ZSTD(1));
