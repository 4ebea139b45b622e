-- Who sent the spans and log records of a window. The latest row says with what.
SELECT
    'spans' AS signal,
    ifNull(sender, '') AS id,
    ifNull(service, '') AS service_name,
    count() AS stored,
    toUnixTimestamp64Nano(min(received_at)) AS first,
    toUnixTimestamp64Nano(max(received_at)) AS last,
    argMax(ifNull(service_version, ''), received_at) AS version,
    argMax(ifNull(CAST(resource.telemetry.distro.name, 'Nullable(String)'), ''), received_at) AS distro,
    argMax(ifNull(CAST(resource.telemetry.distro.version, 'Nullable(String)'), ''), received_at) AS distro_version,
    argMax(ifNull(CAST(resource.telemetry.sdk.name, 'Nullable(String)'), ''), received_at) AS sdk,
    argMax(ifNull(CAST(resource.telemetry.sdk.version, 'Nullable(String)'), ''), received_at) AS sdk_version
FROM sightline.spans
PREWHERE project = {project:String}
    AND start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
GROUP BY id, service_name
ORDER BY last DESC, id, service_name
LIMIT {most:UInt32}
UNION ALL
SELECT
    'logs' AS signal,
    ifNull(sender, '') AS id,
    ifNull(service, '') AS service_name,
    count() AS stored,
    toUnixTimestamp64Nano(min(received_at)) AS first,
    toUnixTimestamp64Nano(max(received_at)) AS last,
    argMax(ifNull(service_version, ''), received_at) AS version,
    argMax(ifNull(CAST(resource.telemetry.distro.name, 'Nullable(String)'), ''), received_at) AS distro,
    argMax(ifNull(CAST(resource.telemetry.distro.version, 'Nullable(String)'), ''), received_at) AS distro_version,
    argMax(ifNull(CAST(resource.telemetry.sdk.name, 'Nullable(String)'), ''), received_at) AS sdk,
    argMax(ifNull(CAST(resource.telemetry.sdk.version, 'Nullable(String)'), ''), received_at) AS sdk_version
FROM sightline.logs
PREWHERE project = {project:String}
    AND time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
GROUP BY id, service_name
ORDER BY last DESC, id, service_name
LIMIT {most:UInt32}
