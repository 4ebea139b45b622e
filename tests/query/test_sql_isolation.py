"""No trick of SQL brings a row, a value or even a hint of another project, a file, or the engine's own tables."""

# ruff: noqa: E501 -- a query stays on its line

from __future__ import annotations

import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.query.sql_two_projects import ROWS, SECRET, SECRET_NUMBER, TwoProjects

from sightline.query.sql_errors import SqlError
from sightline.query.sql_relations import PROJECT_PARAMETER
from sightline.store.rows import StoreError

SLOW = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

REFUSED = [
    # other statements, several statements, clauses of the statement
    "insert into spans (name) values ('x')",
    "drop table spans",
    "create table x (a Int8) engine = Memory",
    "alter table spans delete where 1",
    "truncate table spans",
    "system shutdown",
    "set readonly = 0",
    "use sightline",
    "kill query where 1",
    "select 1; select 2",
    "select 1; drop table sightline.spans",
    "explain select 1",
    "explain ast select 1",
    "show databases",
    "show create table spans",
    "exists table spans",
    "grant all on *.* to default",
    "attach table x",
    "optimize table spans",
    "select 1 into outfile '/tmp/x'",
    "select 1 format CSV",
    "select 1 format Null",
    "select 1 settings readonly = 0",
    "select 1 from (select 1 settings max_threads = 1)",
    "backup table spans to File('x')",
    "select 1 parallel with select 2",
    "select 1 settings additional_table_filters = {}",
    "create view v as select 1",
    "with x as (insert into spans select 1) select 1",
    "create user x",
    "create function f as x -> x",
    "describe (select 1)",
    # tables by another name
    "select * from sightline.spans",
    "select * from `sightline`.`spans`",
    'select * from "sightline"."spans"',
    "select * from `sightline.spans`",
    "select * from default.spans",
    "select * from system.tables",
    "select * from system.one",
    "select * from SYSTEM.tables",
    "select * from information_schema.tables",
    "select * from INFORMATION_SCHEMA.TABLES",
    "select * from system . processes",
    "select * from system/* */.query_log",
    "select (select count() from system.tables)",
    "select 1 where exists(select 1 from system.tables)",
    "select * from spans, sightline.spans",
    "select * from tables",
    "with x as (select * from sightline.spans) select * from x",
    "with spans as (select * from sightline.spans) select * from spans",
    "select * from spans union all select * from sightline.spans",
    "select 1 in system.tables",
    "select 1 in (system.tables)",
    "select 1 in (sightline.spans)",
    "select in(1, system.tables)",
    "select globalIn(1, system.tables)",
    "select 1 not in system.one",
    "select nullIn('x', sightline.spans)",
    "with system.tables as t select 1 in t",
    "with sightline.spans as t select 'x' in t",
    "select * from (select sightline.spans.name from spans)",
    "select name from spans where name in (select name from sightline.spans)",
    "select * from spans join system.tables on 1",
    "select * from spans asof join sightline.spans s on 1 = 1",
    "select system.one.dummy",
    "select * from schema_steps",
    "with x as (select * from x) select * from x",
    "with recursive schema_steps as (select * from schema_steps) select 1 from schema_steps",
    # table functions
    *(
        f"select * from {call}"
        for call in (
            "file('/etc/passwd', 'LineAsString')",
            "url('http://127.0.0.1/', 'LineAsString')",
            "s3('http://x/y')",
            "remote('127.0.0.1', sightline.spans)",
            "remoteSecure('h', 'd.t')",
            "cluster('c', system.one)",
            "clusterAllReplicas('c', system.one)",
            "merge('sightline', '.*')",
            "merge('.*')",
            "mysql('h', 'd', 't', 'u', 'p')",
            "postgresql('h', 'd', 't', 'u', 'p')",
            "sqlite('x', 'y')",
            "odbc('x', 'y')",
            "jdbc('x', 'y')",
            "hdfs('x')",
            "executable('x', TSV, 'a Int8')",
            "input('a Int8')",
            "dictionary('x')",
            "view(select 1)",
            "viewExplain('EXPLAIN AST', '', (select 1))",
            "viewIfPermitted(select 1 else null('a Int8'))",
            "loop(sightline.spans)",
            "loop(spans)",
            "fuzzJSON('x')",
            "fuzzQuery('select 1')",
            "mergeTreeIndex(sightline, spans)",
            "mergeTreeProjection('sightline', 'spans', 'x')",
            "python('x')",
            "eval('select 1')",
            "generateRandom('a Int8')",
            "null('a Int8')",
            "redis('h', 'k', 'a Int8')",
            "mongodb('h', 'd', 'c', 'u', 'p')",
            "filesystem('/')",
            "arrowstream('x')",
            "timeSeriesData('x')",
            "format('CSV', '1')",
            "mergeTreeAnalyzeIndexes('sightline', 'spans')",
            "`file`('x')",
            "\"file\"('x')",
            "FILE('x')",
            "file ('x')",
            "file/**/('x')",
            "view(select * from sightline.spans)",
            "numbers((select count() from sightline.spans))",
            "numbers(toUInt64(file('/etc/hostname')))",
            "primes()",
            "deltaLakeLocal('/')",
        )
    ),
    # functions
    *(
        f"select {call}"
        for call in (
            "file('/etc/passwd')",
            "hostName()",
            "FQDN()",
            "getSetting('readonly')",
            "getMacro('x')",
            "currentUser()",
            "user()",
            "uptime()",
            "sleep(1)",
            "sleepEachRow(1)",
            "throwIf(1)",
            "dictGet('d', 'a', 1)",
            "dictHas('d', 1)",
            "joinGet('sightline.spans', 'name', 1)",
            "hasColumnInTable('system', 'tables', 'name')",
            "tcpPort()",
            "serverUUID()",
            "buildId()",
            "addressToLine(1)",
            "demangle('x')",
            "evalMLMethod(1, 1)",
            "filesystemAvailable()",
            "showCertificate()",
            "currentDatabase()",
            "initialQueryID()",
            "queryID()",
            "formatQuery('select 1')",
            "getServerSetting('x')",
            "getServerPort('x')",
            "connectionId()",
            "zookeeperSessionUptime()",
            "getClientHTTPHeader('x')",
            "aiGenerate('x', 'y')",
            "globalVariable('version')",
            "@@version",
            "logTrace('x')",
            "tid()",
            "transactionID()",
            "partitionID(1)",
            "mergeTreePartInfo('x')",
            "__getScalar('x')",
            "__scalarSubqueryResult(1)",
            "displayName()",
            "initializeAggregation('aggThrow(1)', 1)",
            "arrayReduce('aggThrow(1)', [1])",
            "arrayReduce(concat('agg', 'Throw'), [1])",
            "CAST('x' AS AggregateFunction(sum, UInt8))",
            "finalizeAggregation(CAST(unhex('ff'), 'AggregateFunction(uniq, UInt8)'))",
            "encrypt('aes-128-ecb', 'a', 'b')",
            "regionToName(1)",
            "formatRow('CSV', 1)",
            "chdb()",
            "generateSerialID('x')",
            "noSuchFunction(1)",
            "`hostName`()",
            '"hostName"()',
            "HOSTNAME()",
            "hostName/**/()",
            "(x -> hostName())(1)",
            "arrayMap(x -> sleep(x), [1])",
            "* apply(hostName) from spans",
            "* apply(x -> file(x)) from spans",
            "COLUMNS('name') apply(sleep) from spans",
            "* replace(hostName() as name) from spans",
            "sum(1) over (order by sleep(1)) from spans",
            "number from numbers(1) order by hostName()",
            "sum(a) over (rows between toUInt8(sleep(1)) preceding and current row) from (select 1 as a)",
            "number from numbers(1) order by number with fill from toUInt8(sleep(1)) to 2",
            "1 group by hostName() having sleep(1)",
            "number from numbers(2) order by number with fill to 3 interpolate (number as toUInt64(sleep(1)))",
            "1 limit toUInt8(sleep(1))",
            "1 where sleep(1)",
            "1 prewhere sleep(1)",
            "1 from spans array join [sleep(1)] as a",
            "1 from spans a join spans b on sleep(1) = 0",
        )
    ),
    # names that break out of names
    "select 1 as `a\nTableIdentifier sightline.spans`",
    "select 1 as `a\\nb`",
    "select `x\n) union all select * from (select 1`",
    "select _part from spans",
    "select spans._table from spans",
    "select _block_number from spans",
    "select * from spans final",
    "select * from spans sample 0.1",
    "select * from spans stream",
    "select inherited from spans",
    "select retention_days from spans",
]

# Run, and must bring nothing but alpha's. Conditions that fail or tell on rows of beta would show them.
HARMLESS = [
    *(
        f"select {what} from {table}{tail}"
        for table in ("spans", "traces", "logs", "content", "metrics")
        for what in ("*", "count()", "project")
        for tail in ("", " where project = 'beta'", " where project != 'alpha'")
    ),
    "select * from spans where 1 or 1",
    "select * from spans where 1) or (1",
    "select * from spans where project in ('alpha', 'beta')",
    f"select count() from spans where toInt64(name) >= 0 or name = '{SECRET}'",
    "select toInt64(name), toInt64(toString(kind = 'llm')) from spans",
    "select count() from spans where toInt64(name) = 3",
    "select count() from spans where intDiv(1, duration_ns - 770077) = 0",
    "select count() from spans where CAST(name, 'UInt8') < 7 and attributes.n::Int64 = 5",
    "select sum(toInt64(user_id = 'x')) from spans",
    "select count() from spans where toDate(if(startsWith(name, 'beta'), 'no date', '2026-01-01')) = '2026-01-01'",
    "select count() from spans where length(range(toUInt64(if(project = 'beta', 100000000000, 1)))) = 1",
    "select count() from spans where ignore(toUInt8(if(trace_id like 'beta%', 'x', '1'))) = 0",
    "select count() from spans a left join spans b on a.span_id = b.span_id and toInt64(b.name) >= 0",
    "select count() from spans where span_id in (select span_id from spans where toInt64(name) >= 0)",
    "select count() from (select * from spans where toInt64(name) >= 0 limit 1000) where toInt64(name) >= 0",
    "select sumIf(toInt64(name), toInt64(name) >= 0) from spans group by toInt64(name)",
    "select toInt64(body) from logs where toInt64(body) = 12",
    "select count() from content where toInt64(body) = 12",
    "select sum(toInt64(body)) from content",
    "select max(toInt64(name)) over () from spans",
    "select count() from traces where toInt64(name) >= 0",
    "select toInt64(name) from traces where toInt64(name) >= 0",
    "select JSONAllPaths(attributes) from spans",
    "select distinctJSONPaths(attributes) from spans",
    "select distinctDynamicTypes(attributes.n) from spans",
    "select groupUniqArray(project) from spans",
    "select min(project), max(project), uniq(project) from spans",
    "select topK(5)(name) from spans",
    "select project, name from spans where project > 'alpha' order by project desc",
    "select * from spans order by name desc limit 5",
    "with 'beta' as project select * from spans",
    "select 'beta' as project, * from spans",
    "with spans as (select 1 as a) select * from spans",
    "select * from (select 'beta' as project) as spans",
    "select * from numbers(3) as spans",
    "select spans.name from spans as traces join traces as spans using (trace_id)",
    "select * from spans where project = {sightline_project:String}",
    "select {sightline_project:String}",
    "select * from spans as a, spans as b limit 5",
    "select * from spans full join logs using (project)",
    "select * from spans cross join content limit 5",
    "select * from spans natural join traces",
    "select * from spans -- where project = 'alpha'",
    "select * from spans /* ) */",
    "select '*/ from sightline.spans /*', name from spans",
    "select 'a' || '''' || ') union all select * from sightline.spans --' from spans",
    "select `name` as `sightline.spans` from spans",
    "select $$sightline.spans$$",
    "select $x$ ) from sightline.spans $x$",
    "from spans select *",
    "select * from spans qualify 1",
    "select any(name) from spans",
    "select toStartOfHour(start_time), count() from spans group by 1 with rollup",
    "select * from spans limit -1",
    "select 1 as a, (select max(name) from spans) as b",
    "select (select groupArray(name) from spans)",
    "select arrayJoin((select groupArray(name) from spans))",
    "select tuple(spans.*) from spans",
    "select spans from spans",
    "select * except name from spans",
    "select columns('.*') from spans",
    "select columns('n.*'), spans.* from spans",
    "select * replace('x' as project) from spans",
    "select count() from spans where name in ('betasecret')",
    "select has(groupArray(name), 'x') from spans",
    "select dumpColumnStructure(1)",
]


def outcome(asked: TwoProjects, query: str, parameters: dict[str, str] | None = None) -> str:
    """What the asker sees, as text: the answer or the refusal."""
    try:
        answer = asked.ask(query, parameters)
    except SqlError as error:
        return str(error)
    return json.dumps([answer.columns, answer.types, answer.rows])


def tells_nothing(text: str, query: str) -> None:
    """Neither a value of beta nor anything of the machine, beyond what the query itself says."""
    for secret in (SECRET, str(SECRET_NUMBER)):
        if secret not in query:
            assert secret not in text
        else:
            # What the query says may come back as its own words: as a column's name, or in a refusal.
            assert secret not in re.sub(r"\[.*?\], \[", "", text, count=1) or "rows" not in text
    assert "root:x:" not in text
    assert "__table" not in text
    path = re.search(r"/(?:home|root|tmp|usr|var|src)/", text)
    assert not path or path[0] in query


@pytest.mark.parametrize("query", REFUSED)
def test_refused(two_projects: TwoProjects, query: str) -> None:
    with pytest.raises(SqlError) as refusal:
        two_projects.ask(query)
    tells_nothing(str(refusal.value), query)


@pytest.mark.parametrize("query", HARMLESS)
def test_harmless(two_projects: TwoProjects, query: str) -> None:
    tells_nothing(outcome(two_projects, query), query)


def test_conditions_are_never_tried_on_rows_of_another_project(two_projects: TwoProjects) -> None:
    # Each of these fails on any row of beta: a WHERE instead of PREWHERE, and the failure would tell.
    for query in HARMLESS:
        if "toInt64(name)" in query and "where" in query and "startsWith" not in query:
            two_projects.ask(query)
    assert two_projects.values("select count() from spans where toInt64(name) >= 0") == [[ROWS // 2]]


def test_the_engine_reads_our_tables_only_and_each_with_the_project(two_projects: TwoProjects) -> None:
    connection = two_projects.store.writer()
    seen = 0
    try:
        for query in HARMLESS:
            if "sightline_project" in query:
                continue
            try:
                plan = two_projects.endpoint.plan(connection, "alpha", query, {})
                tree = connection.raw(
                    f"/* {{{PROJECT_PARAMETER}:String}} */ EXPLAIN QUERY TREE {plan.text}",
                    {PROJECT_PARAMETER: "alpha"},
                    fmt="TSVRaw",
                ).decode()
            except Exception:
                continue
            tables = set(re.findall(r"table_name: ([\w.]+)", tree)) - {"system.one", "system.numbers"}
            assert tables <= {
                "sightline.spans",
                "sightline.logs",
                "sightline.metrics",
                "sightline.content",
            }, query
            assert len(re.findall(r"^ *PREWHERE", tree, re.MULTILINE)) >= len(
                re.findall(r"table_name: sightline", tree)
            ), query
            seen += 1
    finally:
        connection.close()
    assert seen > 60


def test_the_walls_behind_the_first_hold_alone(two_projects: TwoProjects) -> None:
    # As if a text had slipped through everything that reads it: what the settings of the query alone do.
    connection = two_projects.store.writer()
    limits = two_projects.endpoint.limits("mark", "alpha", {"limit": 1000})
    try:
        for table, rows in (("spans", ROWS // 2), ("logs", ROWS // 2)):
            text = f"SELECT count(), groupUniqArray(project) FROM sightline.{table} SETTINGS {limits}"
            assert json.loads(connection.raw(text, fmt="JSONCompactEachRow")) == [rows, ["alpha"]]
        for text in (
            "SELECT * FROM file('/etc/passwd', 'LineAsString')",
            "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
            "SELECT * FROM remote('127.0.0.1:1', 'sightline', 'spans')",
            "SELECT * FROM s3('http://127.0.0.1:1/bucket/x.csv', 'CSV', 'a Int8')",
            "SELECT * FROM executable('x', TSV, 'a Int8')",
        ):
            with pytest.raises(StoreError, match=r"readonly mode|doesn't exist|Cannot"):
                connection.raw(f"{text} SETTINGS {limits}", fmt="JSONCompactEachRow")
    finally:
        connection.close()


NAMES = [
    "spans",
    "traces",
    "logs",
    "content",
    "`spans`",
    '"spans"',
    "sightline.spans",
    "system.tables",
    "x",
    "spans AS x",
    "(select * from spans)",
    "numbers(3)",
    "file('/etc/passwd')",
    "spans, sightline.spans",
    "(select * from sightline.spans)",
]
CONDITIONS = [
    "1",
    "project = 'beta'",
    "toInt64(name) >= 0",
    "name in x",
    "name in sightline.spans",
    "name in (select name from spans)",
    "1 or 1 = 1",
    "exists(select 1 from system.tables)",
    "attributes.team = 'red'",
    "1) or (1",
    "not (0",
    "intDiv(1, duration_ns - 770077) < 2",
    "{p:String} = name",
]
WHATS = [
    "*",
    "count()",
    "name",
    "project, name",
    "x.*",
    "groupArray(name)",
    "max(duration_ns)",
    "hostName()",
    "(select max(name) from spans)",
    "columns('n')",
    "attributes",
    "toInt64(name)",
    "* except (name)",
    "tuple(*)",
    "_part",
]
SHAPES = [
    "{q}",
    "select * from ({q})",
    "with x as ({q}) select * from x",
    "with spans as ({q}) select * from spans",
    "{q} union all {q}",
    "({q}) except ({q})",
    "select * from spans where name in ({q})",
    "select ({q} limit 1)",
    "select exists({q})",
    "select * from ({q}) as x join spans using (name)",
    "{q} limit 3",
    "{q} order by 1",
    "{q} -- x",
    "{q} /* x */",
    "{q};",
    "{q} settings max_threads = 1",
    "{q} format CSV",
    "select 1; {q}",
]


@st.composite
def queries(draw: st.DrawFn) -> str:
    query = f"select {draw(st.sampled_from(WHATS))} from {draw(st.sampled_from(NAMES))} where {draw(st.sampled_from(CONDITIONS))}"
    for _ in range(draw(st.integers(0, 3))):
        query = draw(st.sampled_from(SHAPES)).replace("{q}", query)
    return query


@SLOW
@given(query=queries(), parameter=st.sampled_from(["beta", "x' or 1", "sightline.spans", "betasecret"]))
def test_combinations(two_projects: TwoProjects, query: str, parameter: str) -> None:
    text = outcome(two_projects, query, {"p": parameter})
    if parameter != SECRET:
        tells_nothing(text, query)


@SLOW
@given(st.data())
def test_damaged_text(two_projects: TwoProjects, data: st.DataObject) -> None:
    query = data.draw(
        st.sampled_from([q for q in HARMLESS + REFUSED if "sleep" not in q and SECRET not in q])
    )
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(query)))
        piece = data.draw(st.sampled_from([
            "'", '"', "`", "(", ")", "--", "/*", "*/", ";", ".", ",", "\\", "\n", "\0", "{", "}", "{a:Identifier}", " union all ", " from ",
            "sightline.spans", "system.tables", " in ", "$$", " settings ", " as ", "::", "é", "\u2019", "\u00a0", "#", " except ",
        ]))  # fmt: skip
        query = query[:at] + piece + query[at + data.draw(st.integers(0, 2)) :]
    tells_nothing(outcome(two_projects, query, {"a": "sightline.spans"}), query)


@pytest.mark.parametrize(
    "value", ["sightline.spans", "system.tables", "x\n      TableIdentifier y", "a'b\\", "{x:Identifier}"]
)
def test_parameters_are_values(two_projects: TwoProjects, value: str) -> None:
    assert two_projects.values("select {v:String} as v", {"v": value}) == [[value]]
    assert two_projects.values("select {v:Array(String)} as v", {"v": [value, ""]}) == [[[value, ""]]]
    with pytest.raises(SqlError, match="Identifier"):
        two_projects.ask("select * from {v:Identifier}", {"v": value})
    with pytest.raises(SqlError):
        two_projects.ask("select * from {v: Identifier }", {"v": value})


@pytest.mark.parametrize("project", ["alpha'", "alpha' or 1", "", "Alpha", "a" * 64, "../x", "alpha\n"])
def test_a_project_is_a_name(two_projects: TwoProjects, project: str) -> None:
    with pytest.raises(ValueError, match="is not a project's name"):
        two_projects.ask("select count() from spans", project=project)


@pytest.mark.parametrize("query", [
    "(" * 20_000, "select " + "(" * 900 + "1" + ")" * 900, "select " + "-" * 5000 + "1", "select " + "[" * 400 + "]" * 400,
    "select 1" + " union all select 1" * 2000, "select '" + "a" * 60_000 + "'", "select " + "case when 1 then " * 200 + "1" + " end" * 200,
    "select 1 " + "/*" * 10_000, "\0", "", " ", "--", ";", "select", "select * from", "\\", "'", "`", "select 'a", "x" * 70_000, "select \ud800",
])  # fmt: skip
def test_absurd_text_is_answered_or_refused(two_projects: TwoProjects, query: str) -> None:
    assert outcome(two_projects, query)
    assert two_projects.values("select 1") == [[1]]
