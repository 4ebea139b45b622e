-- What a client of the ClickHouse protocol sees as `system.columns`: the columns of our relations.
SELECT
    'default' AS database,
    shown.1 AS table,
    shown.2 AS name,
    shown.3 AS type,
    shown.4 AS position,
    '' AS default_kind,
    '' AS default_expression,
    toUInt64(0) AS data_compressed_bytes,
    toUInt64(0) AS data_uncompressed_bytes,
    toUInt64(0) AS marks_bytes,
    '' AS comment,
    toUInt8(0) AS is_in_partition_key,
    toUInt8(0) AS is_in_sorting_key,
    toUInt8(0) AS is_in_primary_key,
    toUInt8(0) AS is_in_sampling_key,
    '' AS compression_codec,
    CAST(NULL AS Nullable(UInt64)) AS character_octet_length,
    CAST(NULL AS Nullable(UInt64)) AS numeric_precision,
    CAST(NULL AS Nullable(UInt64)) AS numeric_precision_radix,
    CAST(NULL AS Nullable(UInt64)) AS numeric_scale,
    CAST(NULL AS Nullable(UInt64)) AS datetime_precision
FROM
    (SELECT arrayJoin({sightline_columns:Array(Tuple(String, String, String, UInt64))}) AS shown)
