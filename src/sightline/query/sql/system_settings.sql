-- What a client of the ClickHouse protocol sees as `system.settings`: what a request may choose, and its bounds.
SELECT
    shown.1 AS name,
    shown.2 AS value,
    toUInt8(0) AS changed,
    '' AS description,
    CAST(NULL AS Nullable(String)) AS min,
    CAST(NULL AS Nullable(String)) AS max,
    toUInt8(shown.3) AS readonly,
    'String' AS type,
    shown.2 AS default,
    '' AS alias_for
FROM
    (SELECT arrayJoin({sightline_settings:Array(Tuple(String, String, UInt8))}) AS shown)
