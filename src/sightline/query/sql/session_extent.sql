-- Where in time a session stands: one column is read of all spans of the project.
SELECT
    count() AS spans,
    min(toUnixTimestamp64Nano(s.start_time)) AS first,
    max(toUnixTimestamp64Nano(s.start_time)) AS last
FROM sightline.spans AS s
PREWHERE s.project = {project:String} AND s.session_id = {session:String}
