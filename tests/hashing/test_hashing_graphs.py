"""Values that share parts, contain themselves, or are very deep or very wide."""

from __future__ import annotations

import pickle

import pytest

from memodisk.errors import Unhashable
from memodisk.hashing import digest, walk


class Node:
    def __init__(self, name, others=()):
        self.name = name
        self.others = list(others)


def ring(size):
    nodes = [Node(i) for i in range(size)]
    for i, node in enumerate(nodes):
        node.others = [nodes[i - 1], nodes[(i + 1) % size]]
    return nodes


def grid(size):
    nodes = {(x, y): Node(f"{x} {y}") for x in range(size) for y in range(size)}
    for (x, y), node in nodes.items():
        node.others = [nodes[p] for p in ((x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)) if p in nodes]
    return list(nodes.values())


def test_a_list_may_contain_itself():
    one, other = [1], [1]
    one.append(one)
    other.append(other)
    assert digest(one) == digest(other)
    assert digest(one) != digest([1, [1]])


def test_how_far_up_a_cycle_leads_matters():
    near, far = [[]], [[]]
    near[0].append(near[0])
    far[0].append(far)
    assert digest(near) != digest(far)


def test_two_references_into_one_cycle_equal_references_into_two_equal_cycles():
    def cycle():
        made = [1, {}]
        made[1]["up"] = made
        return made

    shared = cycle()
    assert digest([shared, shared]) == digest([cycle(), cycle()])


def test_dicts_and_objects_may_contain_themselves():
    def tree():
        root = Node("root", [Node("left"), Node("right")])
        for child in root.others:
            child.parent = root
        return root

    assert digest(tree()) == digest(tree()) == digest(pickle.loads(pickle.dumps(tree())))
    other = tree()
    other.others[1].parent = other.others[0]
    assert digest(tree()) != digest(other)


@pytest.mark.parametrize("make", [lambda: ring(30), lambda: grid(6)], ids=["ring", "grid"])
def test_graphs_of_objects_that_all_lead_to_each_other(make):
    nodes = make()
    expected = digest(nodes)
    assert digest(make()) == expected
    assert digest(pickle.loads(pickle.dumps(nodes))) == expected
    nodes[-1].name = "changed"
    assert digest(nodes) != expected
    assert digest(nodes[1]) != digest(nodes[2])


def test_in_an_entangled_graph_every_link_matters():
    one, other = grid(6), grid(6)
    other[3].others[0], other[3].others[1] = other[3].others[1], other[3].others[0]
    assert digest(one) != digest(other)


def test_an_entangled_graph_through_sets_says_what_to_do(monkeypatch):
    monkeypatch.setattr(walk, "PATIENCE", 50)
    nodes = grid(5)
    for node in nodes:
        node.others = set(node.others)
    with pytest.raises(Unhashable, match="__memo_key__"):
        digest(nodes)
    with pytest.raises(Unhashable, match="__memo_key__"):
        digest({(1, 2): nodes, "k": {nodes[0]: 1, (1,): 2}})


def test_a_graph_through_sets_does_not_depend_on_their_order():
    def pair():
        a, b = Node("a"), Node("b")
        a.others, b.others = {b}, {a}
        return {a, b}

    assert len({digest(pair()) for _ in range(20)}) == 1


def test_shared_parts_are_encoded_once():
    value = ["leaf"]
    for _ in range(2_000):
        value = [value, value, {"again": value}]
    assert len(digest(value)) == 16


def test_shared_parts_equal_copies_at_any_depth():
    def chain(copy):
        value = [1]
        for _ in range(10):
            value = [value, copy(value)]
        return value

    assert digest(chain(lambda part: part)) == digest(chain(lambda part: pickle.loads(pickle.dumps(part))))


def test_depth_has_no_limit():
    def deep(depth):
        value: object = "leaf"
        for i in range(depth):
            value = [value] if i % 3 else {"in": value} if i % 2 else Node(value)
        return value

    assert digest(deep(20_000)) == digest(deep(20_000))
    assert digest(deep(20_000)) != digest(deep(20_001))


@pytest.mark.parametrize("extra", [-1, 0, 1])
def test_long_lists_are_hashed_in_blocks(extra):
    size = 2 * walk.BLOCK + extra
    rows = [[i, [i]] for i in range(size)]
    expected = digest(rows)
    assert digest([[i, [i]] for i in range(size)]) == expected
    rows[walk.BLOCK][0] = -1
    assert digest(rows) != expected
    assert digest(rows[:-1]) != digest(rows)


def test_parts_that_come_and_go_during_the_walk_are_not_mixed_up():
    class Fresh:
        def __init__(self, number):
            self.number = number

        def __memo_key__(self):
            return [[self.number, [self.number] * 9] for _ in range(9)]

    def by_name(thing):
        return thing.__qualname__.encode()

    values = [Fresh(i) for i in range(500)]
    assert len({digest([value, value], code=by_name) for value in values}) == 500
    assert digest(values, code=by_name) == digest([Fresh(i) for i in range(500)], code=by_name)
