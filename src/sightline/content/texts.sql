-- Stored texts, each cut after some bytes; a text of parts names them instead.
-- A subquery's set is looked up in the primary key, an array's is not: then every hash of the table is read.
SELECT
    lower(hex(hash)) AS id,
    argMax(substring(body, 1, {limit:UInt32}), expires) AS beginning,
    argMax(length(body), expires) AS size,
    arrayMap(p -> lower(hex(p)), argMax(parts, expires)) AS part_ids
FROM sightline.content
WHERE
    project = {project:String}
    AND hash IN (SELECT toFixedString(unhex(arrayJoin({hashes:Array(String)})), 16))
GROUP BY hash
