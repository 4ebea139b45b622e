-- spans: (kind:llm or -(env:dev user:alice)) -has:session
-- p0 = "llm"
-- p1 = "dev"
-- p2 = "alice"
SELECT count() AS found
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND (s.kind = {p0:String} OR NOT ifNull((s.environment = {p1:String} AND s.user_id = {p2:String}), false))
    AND NOT ifNull(s.session_id != '', false)
