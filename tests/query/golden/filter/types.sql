-- spans: root:true tags:beta has:cost start:2026-11-20 input:1..5k size>1kb name:*
-- p0 = ["beta"]
-- p1 = 1795132800000000000
-- p2 = 1795219199999999999
-- p3 = 1
-- p4 = 5000
-- p5 = 1000
SELECT count() AS found
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND s.is_root = true
    AND hasAny(s.tags, {p0:Array(String)})
    AND s.cost_usd IS NOT NULL
    AND (toUnixTimestamp64Nano(s.start_time) >= {p1:Int64} AND toUnixTimestamp64Nano(s.start_time) <= {p2:Int64})
    AND (s.input_tokens >= {p3:Int64} AND s.input_tokens <= {p4:Int64})
    AND arraySum(s.content.size) > {p5:Int64}
    AND s.name != ''
