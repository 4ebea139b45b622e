-- What a client of the ClickHouse protocol sees as `system.tables`: names and descriptions of our relations.
SELECT
    'default' AS database,
    shown.1 AS name,
    toUUID('00000000-0000-0000-0000-000000000000') AS uuid,
    'View' AS engine,
    toUInt8(0) AS is_temporary,
    emptyArrayString() AS data_paths,
    '' AS metadata_path,
    toDateTime(0, 'UTC') AS metadata_modification_time,
    '' AS create_table_query,
    'View' AS engine_full,
    '' AS as_select,
    '' AS partition_key,
    '' AS sorting_key,
    '' AS primary_key,
    '' AS sampling_key,
    '' AS storage_policy,
    CAST(NULL AS Nullable(UInt64)) AS total_rows,
    CAST(NULL AS Nullable(UInt64)) AS total_bytes,
    shown.2 AS comment,
    toUInt8(0) AS has_own_data
FROM
    (SELECT arrayJoin({sightline_tables:Array(Tuple(String, String))}) AS shown)
