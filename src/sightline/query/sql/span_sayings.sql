-- What spans say, for places where words were found. Moments are looked up in the primary key.
SELECT
    s.trace_id AS trace_id,
    s.span_id AS span_id,
    s.name AS name,
    s.kind AS kind,
    s.status_message AS message,
    toUnixTimestamp64Nano(s.start_time) AS started,
    s.content.field AS fields,
    arrayMap(h -> lower(hex(h)), s.content.hash) AS hashes
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time IN (SELECT fromUnixTimestamp64Nano(arrayJoin({starts:Array(Int64)}), 'UTC'))
    AND s.trace_id IN {trace_ids:Array(String)}
    AND s.span_id IN {span_ids:Array(String)}
