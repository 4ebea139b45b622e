-- What a client of the ClickHouse protocol sees as `system.databases`: the one database there is.
SELECT
    'default' AS name,
    'Sightline' AS engine,
    '' AS data_path,
    '' AS metadata_path,
    toUUID('00000000-0000-0000-0000-000000000000') AS uuid,
    'Sightline' AS engine_full,
    'The tables of one project' AS comment
