-- p0 = 100
-- p1 = ["timed", "out"]
-- p2 = "(?i)(?:^|\\\\(?:[nrt]|u(?:00[0-9ab][0-9a-f]|10[0-9][0-9a-f]|17[89a-f][0-9a-f]|(?:0e|2[0-9abef]|[3-9a-d][0-9a-f]|f[9aef])[0-9a-f]{2}))|[^\\p{L}\\p{N}\\p{M}]|[\\x{E00}-\\x{EFF}\\x{1000}-\\x{109F}\\x{1780}-\\x{17FF}\\x{2E80}-\\x{2FDF}\\x{3005}-\\x{3007}\\x{3021}-\\x{A4CF}\\x{AC00}-\\x{D7AF}\\x{F900}-\\x{FAFF}\\x{FF66}-\\x{FF9D}\\x{20000}-\\x{3FFFF}])timed(?:\\\\(?:[nrt]|u(?:00[0-9ab][0-9a-f]|2[0-9ab][0-9a-f]{2}|30[0-2][0-9a-f]|fe0[0-9a-f]|ff[01][0-9a-f]))|[^\\p{L}\\p{N}\\p{M}])+out(?:$|[^\\p{L}\\p{N}\\p{M}\\\\]|\\\\+(?:$|[^u\\\\]|u(?:00[0-9ab][0-9a-f]|10[0-9][0-9a-f]|17[89a-f][0-9a-f]|(?:0e|2[0-9abef]|[3-9a-d][0-9a-f]|f[9aef])[0-9a-f]{2}))|[\\x{E00}-\\x{EFF}\\x{1000}-\\x{109F}\\x{1780}-\\x{17FF}\\x{2E80}-\\x{2FDF}\\x{3005}-\\x{3007}\\x{3021}-\\x{A4CF}\\x{AC00}-\\x{D7AF}\\x{F900}-\\x{FAFF}\\x{FF66}-\\x{FF9D}\\x{20000}-\\x{3FFFF}])"
-- p3 = "timed"
-- p4 = "out"
-- p5 = "(?i)(?:^|\\\\(?:[nrt]|u(?:00[0-9ab][0-9a-f]|10[0-9][0-9a-f]|17[89a-f][0-9a-f]|(?:0e|2[0-9abef]|[3-9a-d][0-9a-f]|f[9aef])[0-9a-f]{2}))|[^\\p{L}\\p{N}\\p{M}]|[\\x{E00}-\\x{EFF}\\x{1000}-\\x{109F}\\x{1780}-\\x{17FF}\\x{2E80}-\\x{2FDF}\\x{3005}-\\x{3007}\\x{3021}-\\x{A4CF}\\x{AC00}-\\x{D7AF}\\x{F900}-\\x{FAFF}\\x{FF66}-\\x{FF9D}\\x{20000}-\\x{3FFFF}])refund(?:[\\p{L}\\p{N}\\p{M}]|\\\\+u[0-9a-f]{4})*"
-- p6 = 1000
-- p7 = ["x"]
-- p8 = ["attribute:gen_ai.input.messages"]
SELECT
    toUnixTimestamp64Nano(s.time) AS moment,
    cityHash64(s.observed_time, s.received_at, s.severity_number, s.severity_text, ifNull(s.service, ''), s.event_name, s.trace_id, s.span_id, s.body) AS hash,
    toUInt8(ifNull(intDiv(nullIf(if(s.severity_number > 0, s.severity_number, transform(lower(s.severity_text), ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'verbose', 'fine', 'information', 'informational', 'notice', 'warning', 'err', 'severe', 'alert', 'critical', 'emergency', 'emerg', 'panic'], [1, 5, 9, 13, 17, 21, 1, 5, 9, 9, 10, 13, 17, 17, 19, 21, 21, 21, 21], 0)), 0) + 3, 4), 0)) AS class,
    s.severity_text AS severity_text,
    ifNull(s.service, '') AS service_name,
    ifNull(s.environment, '') AS environment_name,
    s.event_name AS event,
    s.scope AS scope_name,
    s.trace_id AS trace,
    s.span_id AS span,
    length(s.body) AS size,
    substring(s.body, 1, 2000) AS piece
FROM sightline.logs AS s
PREWHERE
    s.project = {project:String}
    AND s.time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND s.time IN (
        SELECT s.time AS t
        FROM sightline.logs AS s
        PREWHERE
            s.project = {project:String}
            AND s.time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
            AND s.time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
            AND ((positionCaseInsensitive(s.body, {p3:String}) > 0 AND positionCaseInsensitive(s.body, {p4:String}) > 0 AND match(s.body, {p2:String})) OR (notEmpty(s.content.hash) AND arrayExists(h -> h IN (
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
                                    AND hasAllTokens(replaceAll(replaceAll(replaceRegexpAll(lowerUTF8(c.body), '\\\\(?:[nrt]|u(?:00[0-9ab][0-9a-f]|10[0-9][0-9a-f]|17[89a-f][0-9a-f]|(?:0e|2[0-9abef]|[3-9a-d][0-9a-f]|f[9aef])[0-9a-f]{2}))|[\\x{80}-\\x{BF}\\x{D7}-\\x{D7}\\x{F7}-\\x{F7}\\x{E00}-\\x{EFF}\\x{1000}-\\x{109F}\\x{1780}-\\x{17FF}\\x{2000}-\\x{2BFF}\\x{2E80}-\\x{2FDF}\\x{3000}-\\x{A4CF}\\x{AC00}-\\x{D7AF}\\x{F900}-\\x{FAFF}\\x{FE00}-\\x{FE0F}\\x{FF00}-\\x{FF0F}\\x{FF1A}-\\x{FF20}\\x{FF66}-\\x{FF9D}\\x{1F000}-\\x{1FAFF}\\x{20000}-\\x{3FFFF}]', ' '), '\\\\u', 'u'), '\\u', 'u'), {p1:Array(String)}) AND match(c.body, {p2:String})
                            ), arrayPushBack(c.parts, c.hash))
                    ), arrayPushBack(c.parts, c.hash))
            ), s.content.hash)))
            AND (match(s.body, {p5:String}))
            AND length(s.body) > {p6:Int64}
            AND s.body != ''
            AND arrayExists((f, h) -> f IN {p8:Array(String)} AND h IN (
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
                                    AND hasAllTokens(replaceAll(replaceAll(replaceRegexpAll(lowerUTF8(c.body), '\\\\(?:[nrt]|u(?:00[0-9ab][0-9a-f]|10[0-9][0-9a-f]|17[89a-f][0-9a-f]|(?:0e|2[0-9abef]|[3-9a-d][0-9a-f]|f[9aef])[0-9a-f]{2}))|[\\x{80}-\\x{BF}\\x{D7}-\\x{D7}\\x{F7}-\\x{F7}\\x{E00}-\\x{EFF}\\x{1000}-\\x{109F}\\x{1780}-\\x{17FF}\\x{2000}-\\x{2BFF}\\x{2E80}-\\x{2FDF}\\x{3000}-\\x{A4CF}\\x{AC00}-\\x{D7AF}\\x{F900}-\\x{FAFF}\\x{FE00}-\\x{FE0F}\\x{FF00}-\\x{FF0F}\\x{FF1A}-\\x{FF20}\\x{FF66}-\\x{FF9D}\\x{1F000}-\\x{1FAFF}\\x{20000}-\\x{3FFFF}]', ' '), '\\\\u', 'u'), '\\u', 'u'), {p7:Array(String)})
                            ), arrayPushBack(c.parts, c.hash))
                    ), arrayPushBack(c.parts, c.hash))
            ), s.content.field, s.content.hash)
        ORDER BY s.time ASC
        LIMIT {p0:UInt32}
    )
    AND ((positionCaseInsensitive(s.body, {p3:String}) > 0 AND positionCaseInsensitive(s.body, {p4:String}) > 0 AND match(s.body, {p2:String})) OR (notEmpty(s.content.hash) AND arrayExists(h -> h IN (
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
                            AND hasAllTokens(replaceAll(replaceAll(replaceRegexpAll(lowerUTF8(c.body), '\\\\(?:[nrt]|u(?:00[0-9ab][0-9a-f]|10[0-9][0-9a-f]|17[89a-f][0-9a-f]|(?:0e|2[0-9abef]|[3-9a-d][0-9a-f]|f[9aef])[0-9a-f]{2}))|[\\x{80}-\\x{BF}\\x{D7}-\\x{D7}\\x{F7}-\\x{F7}\\x{E00}-\\x{EFF}\\x{1000}-\\x{109F}\\x{1780}-\\x{17FF}\\x{2000}-\\x{2BFF}\\x{2E80}-\\x{2FDF}\\x{3000}-\\x{A4CF}\\x{AC00}-\\x{D7AF}\\x{F900}-\\x{FAFF}\\x{FE00}-\\x{FE0F}\\x{FF00}-\\x{FF0F}\\x{FF1A}-\\x{FF20}\\x{FF66}-\\x{FF9D}\\x{1F000}-\\x{1FAFF}\\x{20000}-\\x{3FFFF}]', ' '), '\\\\u', 'u'), '\\u', 'u'), {p1:Array(String)}) AND match(c.body, {p2:String})
                    ), arrayPushBack(c.parts, c.hash))
            ), arrayPushBack(c.parts, c.hash))
    ), s.content.hash)))
    AND (match(s.body, {p5:String}))
    AND length(s.body) > {p6:Int64}
    AND s.body != ''
    AND arrayExists((f, h) -> f IN {p8:Array(String)} AND h IN (
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
                            AND hasAllTokens(replaceAll(replaceAll(replaceRegexpAll(lowerUTF8(c.body), '\\\\(?:[nrt]|u(?:00[0-9ab][0-9a-f]|10[0-9][0-9a-f]|17[89a-f][0-9a-f]|(?:0e|2[0-9abef]|[3-9a-d][0-9a-f]|f[9aef])[0-9a-f]{2}))|[\\x{80}-\\x{BF}\\x{D7}-\\x{D7}\\x{F7}-\\x{F7}\\x{E00}-\\x{EFF}\\x{1000}-\\x{109F}\\x{1780}-\\x{17FF}\\x{2000}-\\x{2BFF}\\x{2E80}-\\x{2FDF}\\x{3000}-\\x{A4CF}\\x{AC00}-\\x{D7AF}\\x{F900}-\\x{FAFF}\\x{FE00}-\\x{FE0F}\\x{FF00}-\\x{FF0F}\\x{FF1A}-\\x{FF20}\\x{FF66}-\\x{FF9D}\\x{1F000}-\\x{1FAFF}\\x{20000}-\\x{3FFFF}]', ' '), '\\\\u', 'u'), '\\u', 'u'), {p7:Array(String)})
                    ), arrayPushBack(c.parts, c.hash))
            ), arrayPushBack(c.parts, c.hash))
    ), s.content.field, s.content.hash)
ORDER BY s.time ASC, hash ASC
LIMIT {p0:UInt32}
