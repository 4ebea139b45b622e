-- What a service measured around a span: for each metric its values in order of time, averaged over its series.
SELECT
    name,
    any(unit) AS said_unit,
    any(type) AS said_type,
    groupArray(200)((moment, measured)) AS points,
    max(series) AS most_series
FROM
(
    SELECT
        name,
        unit,
        type,
        toUnixTimestamp64Nano(time) AS moment,
        avg(ifNull(value, if(ifNull(count, 0) = 0, NULL, sum / count))) AS measured,
        count() AS series
    FROM sightline.metrics
    WHERE
        project = {project:String}
        AND service = {service:String}
        AND time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
        AND time <= fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    GROUP BY name, unit, type, time
    HAVING measured IS NOT NULL
    ORDER BY name, time
)
GROUP BY name
ORDER BY name
LIMIT {limit:UInt32}
