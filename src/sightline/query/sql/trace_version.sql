-- How much of a trace is there, and when the last of it was digested and received: another answer, another tree.
SELECT
    count() AS spans,
    toUnixTimestamp64Micro(max(digested_at)) AS digested,
    toUnixTimestamp64Nano(max(received_at)) AS received
FROM sightline.spans
WHERE project = {project:String} AND trace_id = {trace_id:String}
