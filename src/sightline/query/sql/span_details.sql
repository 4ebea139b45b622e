-- Some spans of one trace in full.
SELECT
    * EXCEPT (project, attributes, resource, retention_days, inherited)
    REPLACE (
        toUnixTimestamp64Nano(start_time) AS start_time,
        toUnixTimestamp64Nano(received_at) AS received_at,
        toUnixTimestamp64Nano(digested_at) AS digested_at
    ),
    content.field AS content_fields,
    arrayMap(h -> lower(hex(h)), content.hash) AS content_hashes,
    content.size AS content_sizes,
    arrayMap(t -> toUnixTimestamp64Nano(t), events.time) AS event_times,
    events.name AS event_names,
    events.attributes AS event_attributes,
    links.trace_id AS link_traces,
    links.span_id AS link_spans,
    links.attributes AS link_attributes,
    toJSONString(attributes) AS attributes_json,
    toJSONString(resource) AS resource_json
FROM sightline.spans
WHERE
    project = {project:String}
    AND trace_id = {trace_id:String}
    AND span_id IN {span_ids:Array(String)}
