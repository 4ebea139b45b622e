-- target: local
-- One span of each trace stands for it in lists: its head, the first root, or the first span while no root came.
-- It carries what is known of the whole trace, so that traces are counted, measured and sorted without their other
-- spans. Rows written before this step get theirs beside the running server (digest/heads.py).
ALTER TABLE sightline.spans {on_cluster}
    ADD COLUMN IF NOT EXISTS trace_head Bool,
    ADD COLUMN IF NOT EXISTS trace_duration_ns UInt64,
    ADD COLUMN IF NOT EXISTS trace_spans UInt32,
    ADD COLUMN IF NOT EXISTS trace_errors UInt32,
    ADD COLUMN IF NOT EXISTS trace_calls UInt32,
    ADD COLUMN IF NOT EXISTS trace_models Array(LowCardinality(String)),
    ADD COLUMN IF NOT EXISTS trace_tokens Nullable(UInt64),
    ADD COLUMN IF NOT EXISTS trace_input_tokens Nullable(UInt64),
    ADD COLUMN IF NOT EXISTS trace_output_tokens Nullable(UInt64),
    ADD COLUMN IF NOT EXISTS trace_cache_read_tokens Nullable(UInt64),
    ADD COLUMN IF NOT EXISTS trace_cache_write_tokens Nullable(UInt64),
    ADD COLUMN IF NOT EXISTS trace_reasoning_tokens Nullable(UInt64),
    ADD COLUMN IF NOT EXISTS trace_first_token_ns Nullable(UInt64),
    ADD COLUMN IF NOT EXISTS trace_cost_usd Nullable(Float64),
    ADD COLUMN IF NOT EXISTS trace_unknown_cost UInt32,
    ADD COLUMN IF NOT EXISTS trace_unknown_tokens UInt32;
