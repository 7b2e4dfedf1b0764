"""Our parser and evaluator against Google's, on texts that nobody chose."""

from random import Random

import pytest

from fieldstone.query.cel.expression import Environment, EvaluationError, compile_expression, evaluator
from tests.query.cel.generated import computation, damaged, expression
from tests.query.cel.google import google_tree, google_value, own_tree

NOTHING = Environment({})


@pytest.mark.parametrize("seed", range(4))
def test_a_text_of_the_grammar_has_the_same_tree_here_and_at_google(seed: int) -> None:
    random = Random(seed)
    texts = [expression(random) for _ in range(500)]
    trees = [(google_tree(text), own_tree(text), text) for text in texts]
    assert [text for theirs, ours, text in trees if theirs != ours] == []
    assert sum(1 for theirs, _, _ in trees if theirs is not None) > 450


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_text_is_never_accepted_here_alone_and_means_the_same(seed: int) -> None:
    random = Random(100 + seed)
    texts = [damaged(random, expression(random, depth=3)) for _ in range(1000)]
    trees = [(google_tree(text), own_tree(text), text) for text in texts]
    assert [text for theirs, ours, text in trees if ours is not None and theirs != ours] == []
    both, only_theirs = (sum(1 for theirs, ours, _ in trees if theirs and bool(ours) is mine) for mine in (True, False))
    assert both > 100
    assert only_theirs < 50


@pytest.mark.parametrize("seed", range(3))
def test_a_computation_has_the_same_value_or_no_value_here_and_at_google(seed: int) -> None:
    random = Random(200 + seed)
    kinds = ("int", "bool", "string", "list")
    texts = [computation(random, kinds[number % 4]) for number in range(500)]
    values = [(google_value(text), _value(text), text) for text in texts]
    assert [(text, theirs, ours) for theirs, ours, text in values if theirs != ours] == []
    assert 50 < sum(1 for theirs, _, _ in values if theirs == "error") < 300


def _value(text: str) -> object:
    try:
        return evaluator(compile_expression(text, NOTHING))({})
    except EvaluationError:
        return "error"
