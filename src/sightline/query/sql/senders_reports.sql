-- What senders say of themselves: the latest point of each series. They count on from their beginning.
SELECT
    ifNull(CAST(resource.service.instance.id, 'Nullable(String)'), '') AS id,
    name AS metric,
    ifNull(CAST(attributes.outcome, 'Nullable(String)'), '') AS outcome,
    ifNull(CAST(attributes.reason, 'Nullable(String)'), '') AS reason,
    argMax(coalesce(toFloat64(value_int), value, 0), time) AS reached,
    toUnixTimestamp64Nano(max(time)) AS at,
    toUnixTimestamp64Nano(min(start_time)) AS began,
    argMax(ifNull(service, ''), time) AS service_name,
    argMax(ifNull(service_version, ''), time) AS version,
    argMax(ifNull(CAST(resource.telemetry.distro.name, 'Nullable(String)'), ''), time) AS distro,
    argMax(ifNull(CAST(resource.telemetry.distro.version, 'Nullable(String)'), ''), time) AS distro_version,
    argMax(ifNull(CAST(resource.telemetry.sdk.name, 'Nullable(String)'), ''), time) AS sdk,
    argMax(ifNull(CAST(resource.telemetry.sdk.version, 'Nullable(String)'), ''), time) AS sdk_version,
    toUnixTimestamp64Nano(min(received_at)) AS first,
    toUnixTimestamp64Nano(max(received_at)) AS last,
    min(retention_days) AS days
FROM sightline.metrics
PREWHERE
    project = {project:String}
    AND name IN ('sightline.sdk.spans', 'sightline.sdk.logs', 'sightline.sdk.spool.bytes')
    AND time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
GROUP BY id, metric, outcome, reason
HAVING id != '' AND min(time) < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
ORDER BY last DESC, id, metric, outcome, reason
LIMIT {most:UInt32}
