-- Stored texts, each cut after some bytes; a text of parts names them instead.
SELECT
    lower(hex(hash)) AS id,
    argMax(substring(body, 1, {limit:UInt32}), expires) AS beginning,
    argMax(length(body), expires) AS size,
    arrayMap(p -> lower(hex(p)), argMax(parts, expires)) AS part_ids
FROM sightline.content
WHERE
    project = {project:String}
    AND hash IN arrayMap(h -> toFixedString(unhex(h), 16), {hashes:Array(String)})
GROUP BY hash
