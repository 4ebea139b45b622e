-- spans: "refund policy"
-- p0 = ["refund", "policy"]
-- p1 = "(?i)(?:^|\\\\(?:[nrt]|u(?:00[0-9ab][0-9a-f]|10[0-9][0-9a-f]|17[89a-f][0-9a-f]|(?:0e|2[0-9abef]|[3-9a-d][0-9a-f]|f[9aef])[0-9a-f]{2}))|[^\\p{L}\\p{N}\\p{M}]|[\\x{E00}-\\x{EFF}\\x{1000}-\\x{109F}\\x{1780}-\\x{17FF}\\x{2E80}-\\x{2FDF}\\x{3005}-\\x{3007}\\x{3021}-\\x{A4CF}\\x{AC00}-\\x{D7AF}\\x{F900}-\\x{FAFF}\\x{FF66}-\\x{FF9D}\\x{20000}-\\x{3FFFF}])refund(?:\\\\(?:[nrt]|u(?:00[0-9ab][0-9a-f]|2[0-9ab][0-9a-f]{2}|30[0-2][0-9a-f]|fe0[0-9a-f]|ff[01][0-9a-f]))|[^\\p{L}\\p{N}\\p{M}])+policy(?:$|[^\\p{L}\\p{N}\\p{M}\\\\]|\\\\+(?:$|[^u\\\\]|u(?:00[0-9ab][0-9a-f]|10[0-9][0-9a-f]|17[89a-f][0-9a-f]|(?:0e|2[0-9abef]|[3-9a-d][0-9a-f]|f[9aef])[0-9a-f]{2}))|[\\x{E00}-\\x{EFF}\\x{1000}-\\x{109F}\\x{1780}-\\x{17FF}\\x{2E80}-\\x{2FDF}\\x{3005}-\\x{3007}\\x{3021}-\\x{A4CF}\\x{AC00}-\\x{D7AF}\\x{F900}-\\x{FAFF}\\x{FF66}-\\x{FF9D}\\x{20000}-\\x{3FFFF}])"
-- p2 = "refund"
-- p3 = "policy"
SELECT count() AS found
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND (arrayExists(h -> h IN (
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
                            AND hasAllTokens(replaceAll(replaceAll(replaceRegexpAll(lowerUTF8(c.body), '\\\\(?:[nrt]|u(?:00[0-9ab][0-9a-f]|10[0-9][0-9a-f]|17[89a-f][0-9a-f]|(?:0e|2[0-9abef]|[3-9a-d][0-9a-f]|f[9aef])[0-9a-f]{2}))|[\\x{80}-\\x{BF}\\x{D7}-\\x{D7}\\x{F7}-\\x{F7}\\x{E00}-\\x{EFF}\\x{1000}-\\x{109F}\\x{1780}-\\x{17FF}\\x{2000}-\\x{2BFF}\\x{2E80}-\\x{2FDF}\\x{3000}-\\x{A4CF}\\x{AC00}-\\x{D7AF}\\x{F900}-\\x{FAFF}\\x{FE00}-\\x{FE0F}\\x{FF00}-\\x{FF0F}\\x{FF1A}-\\x{FF20}\\x{FF66}-\\x{FF9D}\\x{1F000}-\\x{1FAFF}\\x{20000}-\\x{3FFFF}]', ' '), '\\\\u', 'u'), '\\u', 'u'), {p0:Array(String)}) AND match(c.body, {p1:String})
                    ), arrayPushBack(c.parts, c.hash))
            ), arrayPushBack(c.parts, c.hash))
    ), s.content.hash) OR (positionCaseInsensitive(s.name, {p2:String}) > 0 AND positionCaseInsensitive(s.name, {p3:String}) > 0 AND match(s.name, {p1:String})) OR (notEmpty(s.status_message) AND positionCaseInsensitive(s.status_message, {p2:String}) > 0 AND positionCaseInsensitive(s.status_message, {p3:String}) > 0 AND match(s.status_message, {p1:String})))
