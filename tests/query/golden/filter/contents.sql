-- spans: arguments:order* has:result input.text>10kb
-- p0 = "(?i)(?:^|\\\\(?:[nrt]|u(?:00[0-9ab][0-9a-f]|10[0-9][0-9a-f]|17[89a-f][0-9a-f]|(?:0e|2[0-9abef]|[3-9a-d][0-9a-f]|f[9aef])[0-9a-f]{2}))|[^\\p{L}\\p{N}\\p{M}]|[\\x{E00}-\\x{EFF}\\x{1000}-\\x{109F}\\x{1780}-\\x{17FF}\\x{2E80}-\\x{2FDF}\\x{3005}-\\x{3007}\\x{3021}-\\x{A4CF}\\x{AC00}-\\x{D7AF}\\x{F900}-\\x{FAFF}\\x{FF66}-\\x{FF9D}\\x{20000}-\\x{3FFFF}])order(?:[\\p{L}\\p{N}\\p{M}]|\\\\+u[0-9a-f]{4})*"
-- p1 = ["tool_arguments"]
-- p2 = ["tool_result"]
-- p3 = 10000
-- p4 = ["input_messages", "input_value", "indexed_input", "system_instructions", "embedding_texts"]
SELECT count() AS found
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND arrayExists((f, h) -> f IN {p1:Array(String)} AND h IN (
        SELECT c.hash
        FROM sightline.content AS c
        WHERE
            c.project = {project:String}
            AND arrayExists(h -> h IN (
                SELECT c.hash
                FROM sightline.content AS c
                WHERE
                    c.project = {project:String}
                    AND arrayExists(h -> h IN (
                        SELECT c.hash
                        FROM sightline.content AS c
                        WHERE
                            c.project = {project:String}
                            AND match(c.body, {p0:String})
                    ), arrayPushBack(c.parts, c.hash))
            ), arrayPushBack(c.parts, c.hash))
    ), s.content.field, s.content.hash)
    AND hasAny(s.content.field, {p2:Array(String)})
    AND arrayExists((f, n) -> f IN {p4:Array(String)} AND n > {p3:Int64}, s.content.field, s.content.size)
