"""How large a document may be (depth, aliases, directives, objects it can bring), and its variables.

Fragments are measured once each: counted spread by spread, thirty of them that name each other
twice would be counted a billion times.
"""

from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
)


@dataclass(frozen=True, kw_only=True)
class Limits:
    characters: int = 32_768
    tokens: int = 2_000
    depth: int = 16
    aliases: int = 50
    directives: int = 50
    fields: int = 2_000
    objects: int = 50_000
    values: int = 10_000


@dataclass(frozen=True, kw_only=True)
class _Size:
    depth: int = 0
    aliases: int = 0
    directives: int = 0
    fields: int = 0
    objects: int = 0


_LARGEST_PAGE = 100
_USUAL_PAGE = 25

# The keys by which production hides the schema, and Federation's own way to ask for it.
_INTROSPECTION = frozenset({"__schema", "__type", "_service"})


class _Meter:
    def __init__(self, document: DocumentNode) -> None:
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._sizes: dict[str, _Size | None] = {}

    def size_of(self, selection_set: SelectionSetNode | None) -> _Size:
        depth = aliases = directives = fields = objects = 0
        for selection in selection_set.selections if selection_set else ():
            directives += len(selection.directives or ())
            match selection:
                case FieldNode():
                    inner = self.size_of(selection.selection_set)
                    depth = max(depth, inner.depth + 1)
                    fields += 1
                    aliases += selection.alias is not None
                    objects += _count_objects(selection, inner.objects)
                case InlineFragmentNode():
                    inner = self.size_of(selection.selection_set)
                    depth = max(depth, inner.depth)
                    objects += inner.objects
                case FragmentSpreadNode():
                    inner = self._size_of_fragment(selection.name.value)
                    depth = max(depth, inner.depth)
                    objects += inner.objects
                case _:
                    continue
            aliases += inner.aliases
            directives += inner.directives
            fields += inner.fields
        return _Size(
            depth=depth, aliases=aliases, directives=directives, fields=fields, objects=objects
        )

    def _size_of_fragment(self, name: str) -> _Size:
        if name not in self._fragments:
            return _Size()
        if name not in self._sizes:
            # A fragment inside itself is refused by validation; here it only must end.
            self._sizes[name] = None
            self._sizes[name] = self.size_of(self._fragments[name].selection_set)
        return self._sizes[name] or _Size()


def _count_objects(field: FieldNode, inner: int) -> int:
    """At most: a list brings as many as its page may hold, each with all that is below it."""
    if field.selection_set is None:
        return 0
    if field.name.value == "edges":
        return inner
    return _page_size(field) * (1 + inner)


def _page_size(field: FieldNode) -> int:
    """What a variable says is not known here, so it counts as the largest page."""
    if field.name.value == "_entities":
        return _LARGEST_PAGE
    for argument in field.arguments or ():
        if argument.name.value in {"first", "last"}:
            value = argument.value
            if isinstance(value, IntValueNode):
                return min(max(1, int(value.value[:4])), _LARGEST_PAGE)
            return _LARGEST_PAGE
    selections = field.selection_set.selections if field.selection_set else ()
    is_list = any(
        isinstance(each, FieldNode) and each.name.value == "edges" for each in selections
    )
    return _USUAL_PAGE if is_list else 1


def find_excess(document: DocumentNode, limits: Limits) -> GraphQLError | None:
    meter = _Meter(document)
    operations = [
        definition
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode)
    ]
    if len(operations) > 1:
        # Strawberry would run the first where none is named.
        return GraphQLError("Send one operation in a document.")
    for operation in operations:
        size = meter.size_of(operation.selection_set)
        for name, measured, allowed in (
            ("depth", size.depth, limits.depth),
            ("aliases", size.aliases, limits.aliases),
            ("directives", size.directives, limits.directives),
            ("fields", size.fields, limits.fields),
            ("objects in its lists", size.objects, limits.objects),
        ):
            if measured > allowed:
                return GraphQLError(f"The document is too large: at most {allowed} {name}.")
    return None


def find_excess_of_variables(variables: Any, limits: Limits) -> GraphQLError | None:
    """Counted before any is read: a body may hold 50,000 telephone numbers, at 20 µs each."""
    waiting = [variables]
    counted = 0
    while waiting:
        counted += 1
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
        if counted + len(waiting) > limits.values:
            return GraphQLError(
                f"The variables hold too much: at most {limits.values:,} values in one request."
            )
    return None


def asks_for_schema(document: DocumentNode) -> bool:
    return any(
        isinstance(selection, FieldNode) and selection.name.value in _INTROSPECTION
        for definition in document.definitions
        if isinstance(definition, (OperationDefinitionNode, FragmentDefinitionNode))
        for selection in _root_selections(definition.selection_set)
    )


def _root_selections(selection_set: SelectionSetNode) -> list[object]:
    found: list[object] = []
    for selection in selection_set.selections:
        found.append(selection)
        if isinstance(selection, InlineFragmentNode):
            found.extend(_root_selections(selection.selection_set))
    return found
