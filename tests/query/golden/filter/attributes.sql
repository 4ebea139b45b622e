-- spans: attr.squad:search,"5" attr."we`ird":a* resource.host.name:x attr.n>5 has:attr.x
-- p0 = ["search", "5"]
-- p1 = "a%"
-- p2 = "x"
-- p3 = ["x"]
-- p4 = 5
-- p5 = ["attribute:x"]
SELECT count() AS found
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND (CAST(s.attributes.`squad`, 'Nullable(String)') IN {p0:Array(String)} OR hasAny(s.attributes.`squad`.:`Array(Nullable(String))`, {p0:Array(String)}))
    AND (CAST(s.attributes.`we\`ird`, 'Nullable(String)') LIKE {p1:String} OR arrayExists(x -> x LIKE {p1:String}, s.attributes.`we\`ird`.:`Array(Nullable(String))`))
    AND (CAST(s.resource.`host.name`, 'Nullable(String)') = {p2:String} OR hasAny(s.resource.`host.name`.:`Array(Nullable(String))`, {p3:Array(String)}))
    AND coalesce(toFloat64(s.attributes.`n`.:Int64), s.attributes.`n`.:Float64, toFloat64OrNull(s.attributes.`n`.:String)) > {p4:Int64}
    AND (CAST(s.attributes.`x`, 'Nullable(String)') != '' OR hasAny(s.content.field, {p5:Array(String)}))
