"""Both games and how a policy plays them, a hundred episodes at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import gymnasium
import numpy as np
from numpy.typing import NDArray

OBSERVED, NO_ACTION, MEMORY = 10, 5, 8
HUNDRED = 100.0  # returns are told in hundreds

Inputs = dict[str, NDArray[np.generic]]
Policy = Callable[[Inputs], NDArray[np.floating]]  # inputs of N windows to logits, (N, T, 5)


@dataclass(frozen=True)
class Game:
    """A game, and where its numbers lie among those of both.

    Attributes:
        name: gymnasium's.
        first_observed: Where its observation begins.
        observed: Numbers it shows.
        first_action: Which of the network's actions is its 0.
        actions: How many it has.
        wanted: The return to ask for: what a good episode ends with.
        worst: The return of an episode that fails wholly.
        best: The mean return of the best policies known.
    """

    name: str
    first_observed: int
    observed: int
    first_action: int
    actions: int
    wanted: float
    worst: float
    best: float

    def shown(self, observation: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return an observation among those of both games, (10,)."""
        row = np.zeros(OBSERVED, np.float32)
        row[self.first_observed : self.first_observed + self.observed] = observation
        return row

    def score(self, returned: float) -> float:
        """Return where a mean return lies between the worst, 0, and the best, 1."""
        return (returned - self.worst) / (self.best - self.worst)


GAMES = (
    Game("CartPole-v1", 0, 4, 0, 2, wanted=500, worst=0, best=500),
    Game("Acrobot-v1", 4, 6, 2, 3, wanted=-70, worst=-500, best=-75),
)


class Episode:
    """An episode on the way, and the window that the network sees of it."""

    def __init__(self, game: Game, seed: int) -> None:
        self.game, self.ended, self.returned = game, False, 0.0
        self.environment = gymnasium.make(game.name)
        first, _ = self.environment.reset(seed=seed)
        self.before, self.wanted, self.seen = [NO_ACTION], [game.wanted / HUNDRED], [game.shown(first)]

    def act(self, action: int) -> None:
        """Take one of the network's actions."""
        seen, reward, terminated, truncated, _ = self.environment.step(action - self.game.first_action)
        self.ended, self.returned = terminated or truncated, self.returned + float(reward)
        self.before.append(action)
        self.wanted.append(self.wanted[-1] - float(reward) / HUNDRED)
        self.seen.append(self.game.shown(seen))


def inputs(episodes: list[Episode]) -> Inputs:
    """Return the last steps of episodes that are equally far, as the network takes them."""
    return {
        "before": np.array([each.before[-MEMORY:] for each in episodes], np.int64),
        "wanted": np.array([each.wanted[-MEMORY:] for each in episodes], np.float32),
        "observation": np.array([each.seen[-MEMORY:] for each in episodes], np.float32),
    }


def returns(policy: Policy, game: Game, seeds: range) -> list[float]:
    """Return the return of an episode a seed, each action the likeliest of the game's own."""
    episodes = [Episode(game, seed) for seed in seeds]
    own = slice(game.first_action, game.first_action + game.actions)
    while going := [each for each in episodes if not each.ended]:
        actions = policy(inputs(going))[:, -1, own].argmax(axis=-1) + game.first_action  # (N,)
        for episode, action in zip(going, actions.tolist(), strict=True):
            episode.act(action)
    return [each.returned for each in episodes]
