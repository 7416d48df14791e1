"""Teachers: linear policies, found by the cross-entropy method, and what they do when they err at times."""

from __future__ import annotations

from dataclasses import dataclass

import gymnasium
import numpy as np
from numpy.typing import NDArray
from play import NO_ACTION, Game

Weights = NDArray[np.floating]

ROUNDS, TRIED, KEPT, EPISODES = 12, 24, 5, 3  # policies tried a round, the best of them, episodes of each
EXTRA = 0.3  # added to the search's spread, less each round (Szita & Lorincz 2006)


@dataclass(frozen=True)
class Record:
    """An episode as training takes it, step by step."""

    before: NDArray[np.int64]  # (T,), the actions before
    wanted: NDArray[np.float32]  # (T,), the rewards still to come
    seen: NDArray[np.float32]  # (T, 10)
    action: NDArray[np.int64]  # (T,), those taken


def episode(game: Game, weights: Weights, seed: int, erring: float = 0.0) -> Record:
    """Play with a linear policy that takes the first or the last action, or any, `erring` of the time."""
    environment = gymnasium.make(game.name)
    draw = np.random.default_rng(seed)
    observation, _ = environment.reset(seed=seed)
    seen, actions, rewards, ended = [], [], [], False
    while not ended:
        action = (game.actions - 1) * int(observation @ weights > 0)
        if draw.random() < erring:
            action = int(draw.integers(game.actions))
        seen.append(game.shown(observation))
        actions.append(game.first_action + action)
        observation, reward, terminated, truncated, _ = environment.step(action)
        rewards.append(float(reward))
        ended = terminated or truncated
    to_come = np.cumsum(rewards[::-1])[::-1].astype(np.float32)
    return Record(np.array([NO_ACTION, *actions[:-1]]), to_come, np.array(seen), np.array(actions))


def found(game: Game, draw: np.random.Generator) -> Weights:
    """Return the weights of a good linear policy: the mean of the best, round after round."""
    mean, spread = np.zeros(game.observed), np.ones(game.observed)
    for past in range(ROUNDS):
        tried = draw.normal(mean, spread, (TRIED, game.observed))
        seeds = draw.integers(2**31, size=EPISODES).tolist()
        reached = [np.mean([episode(game, weights, seed).wanted[0] for seed in seeds]) for weights in tried]
        best = tried[np.argsort(reached)[-KEPT:]]
        mean, spread = best.mean(axis=0), best.std(axis=0) + EXTRA * (1 - past / ROUNDS)
    return mean
