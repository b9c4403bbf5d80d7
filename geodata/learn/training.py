"""The training loop: a time or step budget, checkpoints that survive a kill, early stopping on held-out places.

A sample is a function of (seed, step, place in the batch), so a resumed run sees what an unbroken one would have
seen. Weights are averaged over steps (Polyak); the average is what is validated and kept.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from geodata.errors import OptionError
from geodata.learn.network import Design, PairNet, loss_of
from geodata.learn.samples import UNKNOWN, Source
from geodata.learn.validation import Score

CHECKPOINT = "checkpoint.pt"
HISTORY = "history.json"
_CHECKPOINT_S = 45.0
_AHEAD = 6


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    Args:
        design: What it looks like.
        learning_rate: Largest step of AdamW (Loshchilov and Hutter 2019); falls to zero along a cosine.
        weight_decay: Of AdamW.
        batch: Samples of a step.
        warm_up: Steps over which the rate rises.
        seed: Of everything random.
        patience: Stop after so many validations without a better one.
        validations: How often it is validated over the budget.
    """

    design: Design = Design()
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    batch: int = 8
    warm_up: int = 100
    seed: int = 0
    patience: int = 6
    validations: int = 12


@dataclass(frozen=True)
class Budget:
    """When training ends: after so many minutes of work, or after so many steps.

    Args:
        minutes: Working time over all starts of the run; None: only steps count.
        steps: Steps; None: only minutes count.
    """

    minutes: float | None = 60.0
    steps: int | None = None

    def __post_init__(self) -> None:
        if self.minutes is None and self.steps is None:
            raise OptionError("A training needs an end.", remedy="Give minutes or steps.")
        for name, value in (("minutes", self.minutes), ("steps", self.steps)):
            if value is not None and value <= 0:
                raise OptionError(f"{name} is {value:g}, which is no budget.", remedy=f"Give {name} above 0.")

    def spent(self, seconds: float, steps: int) -> float:
        """Share that is used up, 0 to 1."""
        shares = [0.0]
        if self.minutes is not None:
            shares.append(seconds / (60 * self.minutes))
        if self.steps is not None:
            shares.append(steps / self.steps)
        return min(1.0, max(shares))


@dataclass
class _State:
    net: PairNet
    average: dict[str, torch.Tensor]
    optimiser: torch.optim.Optimizer
    step: int = 0
    seconds: float = 0.0
    best: float = -1.0
    best_weights: dict[str, torch.Tensor] = field(default_factory=dict)
    since_best: int = 0
    validated: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)


Told = Callable[[float, str], None]
"""Called with the share done and a line on the state; may raise to stop."""


def train(
    sources: Sequence[tuple[Source, float]],
    validate: Callable[[PairNet], Score] | None,
    recipe: Recipe,
    budget: Budget,
    work: Path,
    *,
    start: dict[str, torch.Tensor] | None = None,
    tell: Told = lambda share, line: None,
) -> PairNet:
    """Train a network; an interrupted run in the same folder goes on.

    Args:
        sources: Sources of samples with their shares.
        validate: Judges a network on held-out places; None: the last weights are kept.
        recipe: How.
        budget: How long.
        work: Folder of the checkpoint and the history; one run's own.
        start: Weights to begin from, None: random ones.
        tell: Hears of the progress.

    Returns:
        The network with the best validated weights.

    Raises:
        OptionError: If the folder holds another run.
    """
    work.mkdir(parents=True, exist_ok=True)
    state = _begun(recipe, work, start)
    saved = time.monotonic()
    batches = _batches(sources, recipe, state.step)
    while (spent := budget.spent(state.seconds, state.step)) < 1.0:
        began = time.monotonic()
        _step(state, *next(batches), recipe, spent)
        state.seconds += time.monotonic() - began
        due = spent * recipe.validations >= state.validated + 1
        if due and validate is not None:
            _validated(state, validate, spent, tell)
            if state.since_best >= recipe.patience:
                break
        elif state.step % 20 == 0:
            tell(spent, f"step {state.step}, loss {np.mean(state.losses[-100:]):.3f}")
        if due or time.monotonic() - saved > _CHECKPOINT_S:
            _save(state, recipe, work)
            saved = time.monotonic()
    if validate is not None and state.since_best < recipe.patience:
        _validated(state, validate, 1.0, tell)
    _save(state, recipe, work)
    net = PairNet(recipe.design)
    net.load_state_dict(state.best_weights or state.average)
    net.eval()
    return net


def _begun(recipe: Recipe, work: Path, start: dict[str, torch.Tensor] | None) -> _State:
    """A new run, or the one that the folder holds."""
    torch.manual_seed(recipe.seed)
    net = PairNet(recipe.design)
    if start is not None:
        net.load_state_dict(start)
    net = net.to(memory_format=torch.channels_last).train()
    optimiser = torch.optim.AdamW(net.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    state = _State(net, {k: v.clone() for k, v in net.state_dict().items()}, optimiser)
    path = work / CHECKPOINT
    if not path.exists():
        return state
    kept = torch.load(path, weights_only=True)
    if kept["recipe"] != _plain(recipe):
        raise OptionError(
            f"{work} holds a training with another recipe.", remedy="Give another folder, or remove this one."
        )
    net.load_state_dict(kept["net"])
    optimiser.load_state_dict(kept["optimiser"])
    state.average, state.best_weights = kept["average"], kept["best_weights"]
    for name in ("step", "seconds", "best", "since_best", "validated", "history", "losses"):
        setattr(state, name, kept[name])
    return state


def _plain(recipe: Recipe) -> str:
    return json.dumps(asdict(recipe), sort_keys=True)


def _save(state: _State, recipe: Recipe, work: Path) -> None:
    """Checkpoint and history, each whole or not at all."""
    kept = {
        "recipe": _plain(recipe),
        "net": state.net.state_dict(),
        "average": state.average,
        "best_weights": state.best_weights,
        "optimiser": state.optimiser.state_dict(),
    }
    for name in ("step", "seconds", "best", "since_best", "validated", "history"):
        kept[name] = getattr(state, name)
    kept["losses"] = state.losses[-200:]
    half = work / f"{CHECKPOINT}.part"
    torch.save(kept, half)
    os.replace(half, work / CHECKPOINT)
    half = work / f"{HISTORY}.part"
    half.write_text(json.dumps(state.history, indent=1), encoding="utf-8")
    os.replace(half, work / HISTORY)


def _batches(
    sources: Sequence[tuple[Source, float]], recipe: Recipe, first: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Batches from a step on, drawn ahead in a thread."""
    shares = np.array([share for _, share in sources], float)
    shares /= shares.sum()

    def drawn(step: int) -> tuple[torch.Tensor, torch.Tensor]:
        pictures, labels = [], []
        for k in range(recipe.batch):
            rng = np.random.default_rng((recipe.seed, step, k))
            sample = sources[rng.choice(len(sources), p=shares)][0].draw(rng)
            pictures.append(sample.pictures)
            labels.append(sample.labels)
        return torch.from_numpy(np.stack(pictures)), torch.from_numpy(np.stack(labels))

    with ThreadPoolExecutor(1) as pool:
        ahead = deque(pool.submit(drawn, first + k) for k in range(_AHEAD))
        step = first + _AHEAD
        try:
            while True:
                yield ahead.popleft().result()
                ahead.append(pool.submit(drawn, step))
                step += 1
        finally:
            for waiting in ahead:
                waiting.cancel()


def _step(state: _State, pictures: torch.Tensor, labels: torch.Tensor, recipe: Recipe, spent: float) -> None:
    rate = recipe.learning_rate * min(1.0, (state.step + 1) / recipe.warm_up) * (0.5 + 0.5 * math.cos(math.pi * spent))
    for group in state.optimiser.param_groups:
        group["lr"] = rate
    with torch.autocast("cpu", torch.bfloat16, enabled=half_precision()):
        logits = state.net(pictures.to(memory_format=torch.channels_last))
    loss = loss_of(logits.float(), labels, UNKNOWN)
    state.optimiser.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(state.net.parameters(), 1.0)
    state.optimiser.step()
    state.step += 1
    state.losses.append(float(loss.detach()))
    keep = min(0.998, state.step / (state.step + 20))
    with torch.no_grad():
        for name, value in state.net.state_dict().items():
            if value.dtype.is_floating_point:
                state.average[name].mul_(keep).add_(value, alpha=1 - keep)
            else:
                state.average[name].copy_(value)


def half_precision() -> bool:
    """Whether this processor multiplies in bfloat16, which halves the time of a step."""
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def _validated(state: _State, validate: Callable[[PairNet], Score], spent: float, tell: Told) -> None:
    net = PairNet(state.net.design)
    net.load_state_dict(state.average)
    score = validate(net.eval())
    state.validated += 1
    state.since_best += 1
    if score.value > state.best:
        state.best, state.since_best = score.value, 0
        state.best_weights = {k: v.clone() for k, v in state.average.items()}
    row = {"step": state.step, "seconds": round(state.seconds, 1), "loss": float(np.mean(state.losses[-200:]))}
    state.history.append({**row, **score.as_dict()})
    tell(spent, f"step {state.step}, loss {row['loss']:.3f}, {score.line()}")
