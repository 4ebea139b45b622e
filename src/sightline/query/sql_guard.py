"""Decides whether a user's SQL may run, by what the engine itself understands of it.

The engine parses the text (as data, `formatQuerySingleLine`) and prints it in its own canonical form; that
form is wrapped so that the only tables in reach are SELECTs of one project; then the engine prints the
syntax tree of exactly the text that would run (`EXPLAIN AST`: parsed, not analysed, nothing executed), and
everything in the tree must be on a list: kinds of nodes, functions, tables. There is one parser, so there
is no difference between what was checked and what runs.

Pure functions; the engine's part is in `sql_endpoint.py`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sightline.query.sql_errors import SqlError, nearest
from sightline.query.sql_functions import is_aggregate, is_function, is_table_function, known_functions
from sightline.query.sql_relations import DICTIONARY, PROJECT_PARAMETER, Relation

# Kinds of nodes a SELECT is made of. Not here, and so refused: Set (SETTINGS), InsertQuery, Explain, …;
# ColumnsApplyTransformer, because the tree does not show the function it applies.
_KINDS = frozenset({
    "SelectWithUnionQuery", "SelectIntersectExceptQuery", "SelectQuery", "ExpressionList", "Subquery",
    "WithElement",
    "Identifier", "TableIdentifier", "Literal", "Function", "Asterisk", "QualifiedAsterisk",
    "ColumnsTransformerList", "ColumnsExceptTransformer", "ColumnsReplaceTransformer",
    "ColumnsReplaceTransformer::Replacement", "ColumnsRegexpMatcher", "ColumnsListMatcher",
    "QualifiedColumnsRegexpMatcher", "QualifiedColumnsListMatcher",
    "TablesInSelectQuery", "TablesInSelectQueryElement", "TableExpression", "TableJoin", "ArrayJoin",
    "OrderByElement", "WindowDefinition", "WindowListElement", "InterpolateElement", "QueryParameter",
})  # fmt: skip
_WHY = {
    "Set": "SETTINGS cannot be changed here.",
    "ColumnsApplyTransformer": "APPLY is not available; name the columns and call the function on each.",
    "InsertQuery": "Only SELECT can be run here; data cannot be changed.",
    "Explain": "EXPLAIN is not available; only SELECT can be run here.",
    "SampleRatio": "SAMPLE is not available.",
}
# `x IN name` reads a table when there is no column of that name.
_MEMBERSHIP = re.compile(r"(?:global)?(?:not)?(?:null)?in(?:ignoreset)?", re.IGNORECASE)
_NAMED_AGGREGATE = frozenset({"arrayreduce", "arrayreduceinranges"})
_OUTSIDE = ("system.", "information_schema.", "sightline.", "default.", "_temporary_and_external_tables.")
_NODE = re.compile(r"^( *)(\S+)(?: (.*?))??(?: \(alias (.*)\))?(?: \(children \d+\))?$", re.DOTALL)
# The canonical form knows four kinds of tokens that matter here.
_TOKENS = re.compile(
    r"'(?:[^'\\]|\\.|'')*'"  # text
    r"|(?P<quoted>`(?:[^`\\]|\\.|``)*`|\"(?:[^\"\\]|\\.)*\")"
    r"|\{(?P<parameter>\w+)\s*:\s*(?P<type>[^}]*)\}"
    r"|(?P<word>[^\W\d]\w*)",
    re.DOTALL,
)
MAX_QUERY = 64 * 1024
DUMP_FORMAT = "TSVRaw"


@dataclass(slots=True)
class Node:
    """One node of the engine's syntax tree."""

    kind: str
    text: str
    children: list[Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Plan:
    """A query ready to be checked and run: the wrapped text, the relations it uses, the user's own text."""

    text: str
    relations: tuple[Relation, ...]
    canonical: str = ""


def check_text(canonical: str, parameters: Iterable[str]) -> None:
    """What can be seen without the tree: parameters, odd identifiers, and every call once more."""
    if not canonical.startswith(("SELECT ", "WITH ", "(")):
        raise SqlError(f"Only SELECT can be run here, not {canonical.split(' ', 1)[0][:20]}.", "refused")
    given = set(parameters)
    lowered = canonical.lower()
    if "aggregatefunction" in lowered:
        raise SqlError("Types of aggregation states cannot be named here.", "refused")
    for token in _TOKENS.finditer(canonical):
        if name := token["parameter"]:
            if "identifier" in token["type"].lower():
                raise SqlError(f"Parameter {name}: type Identifier is not available.", "refused")
            if name not in given:
                raise SqlError(f'Parameter {name} has no value: send it in "parameters".', "parameters")
            continue
        if (quoted := token["quoted"]) and "\\" in quoted:
            raise SqlError(f"The name {quoted[:60]} holds a character that names may not have.", "refused")
        word = (quoted or "").strip('`"') or token["word"] or ""
        called = word and canonical[token.end() : token.end() + 1] == "("
        if called and not canonical[: token.start()].endswith(".:"):
            _check_call(word, anywhere=True)


def _check_call(name: str, *, anywhere: bool = False) -> None:
    if is_function(name) or (anywhere and (is_table_function(name) or name.upper() == "COLUMNS")):
        return
    raise SqlError(
        f"The function {name[:60]} is not available here.{nearest(name, known_functions())}", "refused"
    )


def wrap(canonical: str, relations: Mapping[str, Relation], outer: str = "*") -> Plan:
    """The text that runs: the user's canonical SELECT behind the SELECTs that its table names stand for.

    `outer` is what is taken of the user's columns, in our words.
    """
    words = set(re.findall(r"\w+", canonical))
    used = tuple(relation for name, relation in relations.items() if name in words)
    heads = [f"{relation.name} AS (\n{relation.select(canonical)}\n)" for relation in used]
    head = f"WITH {', '.join(heads)}\n" if heads else ""
    return Plan(f"{head}SELECT {outer} FROM (\n{canonical}\n)", used, canonical)


def read_tree(dump: str) -> Node:
    """The engine's `EXPLAIN AST` text as nodes. Raises SqlError for a line it cannot place."""
    root = Node("", "")
    trail: list[Node] = [root]
    for line in dump.split("\n"):
        if not line.strip():
            continue
        found = _NODE.match(line)
        depth = len(found[1]) if found else -1
        if not found or depth + 1 > len(trail):
            raise SqlError("The query could not be understood.", "refused")
        node = Node(found[2], found[3] or "")
        del trail[depth + 1 :]
        trail[-1].children.append(node)
        trail.append(node)
    if len(root.children) != 1:
        raise SqlError("One statement at a time.", "refused")
    return root.children[0]


def check_tree(tree: Node, plan: Plan) -> None:
    """Refuse a tree that holds anything beyond the lists. Raises SqlError."""
    # FORMAT and INTO OUTFILE hang below the statement as further children; one FORMAT is the dump's own.
    own = tree.children[1:]
    if tree.kind != "SelectWithUnionQuery" or [(n.kind, n.text) for n in own] != [
        ("Identifier", DUMP_FORMAT)
    ]:
        raise SqlError("Only SELECT can be run here, without FORMAT and INTO OUTFILE.", "refused")
    qualified: Counter[str] = Counter()
    stack: list[tuple[Node, Node]] = [(tree, tree)]
    while stack:
        node, parent = stack.pop()
        stack += [(child, node) for child in node.children]
        if node.kind not in _KINDS:
            raise SqlError(_WHY.get(node.kind, f"{node.kind[:40]} cannot be used here."), "refused")
        if node.kind == "SelectWithUnionQuery" and node is not tree and len(node.children) != 1:
            raise SqlError("FORMAT and INTO OUTFILE cannot be used here.", "refused")
        if node.kind == "Function":
            _check_function(node, parent)
        elif node.kind == "TableIdentifier" and "." in node.text:
            qualified[node.text] += 1
        elif node.kind == "Identifier" and node.text.lower().startswith(_OUTSIDE):
            raise SqlError(
                f"{node.text[:60]} is out of reach; tables are named without a database.", "refused"
            )
    expected = Counter(table for relation in plan.relations for table in relation.tables)
    if qualified != expected:
        name = next(iter(qualified - expected), "a table of the store")
        raise SqlError(f"{name[:60]} is out of reach; tables are named without a database.", "refused")


def _check_function(node: Node, parent: Node) -> None:
    name = node.text
    if parent.kind == "TableExpression":
        if not is_table_function(name):
            raise SqlError(f"The table function {name[:60]} is not available here.", "refused")
        return
    arguments = node.children[0].children if node.children else []
    if name == "dictGet" and arguments and DICTIONARY in arguments[0].text:
        return  # ours: in a user's text `check_text` has refused every call of it already
    _check_call(name)
    if _MEMBERSHIP.fullmatch(name) and len(arguments) > 1:
        second = arguments[1]
        if second.kind in {"Identifier", "TableIdentifier"} and "." in second.text:
            raise SqlError(f"IN {second.text[:60]}: write has(array, value), or IN (SELECT …).", "refused")
    if name.lower() in _NAMED_AGGREGATE:
        literal = re.match(r"\\?'(\w+)", arguments[0].text) if arguments else None
        if not literal or arguments[0].kind != "Literal" or not is_aggregate(literal[1]):
            raise SqlError(f"{name} takes the name of an available aggregate function as text.", "refused")


def reserved(name: str) -> bool:
    """Whether a parameter's name is ours."""
    return name.lower().startswith(PROJECT_PARAMETER.split("_", 1)[0] + "_")
