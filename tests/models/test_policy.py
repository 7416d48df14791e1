from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from model_file import load

pytest.importorskip("gymnasium")

FOLDER = Path(__file__).parents[2] / "models" / "policy"
EPISODES = 5  # of each game: a hundred take minutes, and train.py plays them
FIRST_SEED = 20_000  # of episodes that nothing else has
SCORE = 0.95  # of what the best policies reach
AGREES = 0.85  # with the teacher's actions, the first step's among them
SAME = {"rtol": 0.0, "atol": 1e-4}


@pytest.fixture(scope="module")
def policy() -> Iterator[ModuleType]:
    with torch.inference_mode():
        yield load("policy")


@pytest.fixture(scope="module")
def play() -> ModuleType:
    return load("policy", "play")


@pytest.fixture(scope="module")
def network(policy: ModuleType) -> torch.nn.Module:
    trained: torch.nn.Module = policy.model()
    return trained


@pytest.mark.parametrize("number", [0, 1], ids=["CartPole", "Acrobot"])
def test_plays_nearly_as_well_as_the_best(play: ModuleType, network: torch.nn.Module, number: int) -> None:
    game = play.GAMES[number]

    def act(inputs: dict[str, np.ndarray]) -> np.ndarray:
        with torch.inference_mode():
            logits = network(**{name: torch.from_numpy(part) for name, part in inputs.items()})["logits"]
        return logits.numpy()

    reached = play.returns(act, game, range(FIRST_SEED, FIRST_SEED + EPISODES))
    assert game.score(sum(reached) / EPISODES) >= SCORE


def test_a_hundred_episodes_reached_what_is_asked(play: ModuleType) -> None:
    scores = json.loads((FOLDER / "scores.json").read_text(encoding="utf-8"))
    assert scores.keys() == {game.name for game in play.GAMES}
    for game in play.GAMES:
        assert game.score(scores[game.name]["transformer"]) >= SCORE


def test_acts_mostly_as_the_teachers_did(policy: ModuleType, network: torch.nn.Module) -> None:
    assert not network.training
    with torch.inference_mode():
        scores = [policy.metric(network(**inputs), action) for inputs, action in policy.samples()]
    assert sum(scores) / len(scores) >= AGREES


def test_no_step_sees_a_later_one(policy: ModuleType, network: torch.nn.Module) -> None:
    inputs = next(inputs for inputs, _ in policy.samples() if inputs["before"].size(1) > 5)
    whole = network(**inputs)["logits"]
    for length in range(1, whole.size(1)):
        start = network(**{name: part[:, :length] for name, part in inputs.items()})["logits"]
        torch.testing.assert_close(start, whole[:, :length], **SAME)


def test_samples_are_windows_of_both_games(policy: ModuleType) -> None:
    games, lengths = set(), set()
    for inputs, action in policy.samples():
        assert inputs.keys() == policy.dynamic.keys()
        before, wanted, observation = inputs["before"], inputs["wanted"], inputs["observation"]
        assert (before.dtype, wanted.dtype, observation.dtype) == (torch.int64, torch.float32, torch.float32)
        assert before.shape == wanted.shape == action.shape == observation.shape[:2]
        assert torch.equal(before[:, 1:], action[:, :-1])
        lengths.add(before.size(1))
        cart_pole = observation[..., 4:].eq(0).all().item()
        games.add(cart_pole)
        assert action.lt(2).all() if cart_pole else action.ge(2).all()
    assert games == {True, False}
    assert lengths == set(range(1, 9))


def test_a_window_holds_the_last_steps_alone(play: ModuleType) -> None:
    episode = play.Episode(play.GAMES[0], seed=0)
    assert play.inputs([episode])["before"].tolist() == [[play.NO_ACTION]]
    for step in range(play.MEMORY + 2):
        episode.act(step % 2)
        shown = play.inputs([episode])
        assert shown["before"].shape[1] == min(step + 2, play.MEMORY)
    assert shown["wanted"][0, -1] == pytest.approx((500 - episode.returned) / 100)


def test_pretty_names_the_move_and_its_certainty(policy: ModuleType) -> None:
    logits = torch.zeros(1, 2, 5)
    logits[0, 1, 3] = 100.0
    assert policy.pretty({"logits": logits}) == "Acrobot: let swing (100 %)"
