-- What some spans of one trace say: references to contents, and events. A tenth of the columns of span_details.sql,
-- and a quarter of its time.
SELECT
    span_id,
    content.field AS content_fields,
    arrayMap(h -> lower(hex(h)), content.hash) AS content_hashes,
    content.size AS content_sizes,
    arrayMap(t -> toUnixTimestamp64Nano(t), events.time) AS event_times,
    events.name AS event_names,
    events.attributes AS event_attributes
FROM sightline.spans
WHERE
    project = {project:String}
    AND trace_id = {trace_id:String}
    AND span_id IN {span_ids:Array(String)}
