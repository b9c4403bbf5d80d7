"""Training with torch: what is learnt from, what survives a kill, and that what runs is what was trained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (./tools/setup train)")
pytest.importorskip("onnx", reason="onnx is not installed")

from geodata.detect.network import Network  # noqa: E402  (torch comes first: without it there is nothing to test)
from geodata.errors import OptionError  # noqa: E402
from geodata.io.rasters import inspect_raster  # noqa: E402
from geodata.learn.export import load_weights, save_weights, write_onnx  # noqa: E402
from geodata.learn.network import SIZES, Design, PairNet, loss_of, parameters_of  # noqa: E402
from geodata.learn.samples import UNKNOWN, LabelledPair, PairSource, Views  # noqa: E402
from geodata.learn.training import Budget, Recipe, train  # noqa: E402
from geodata.learn.validation import Score, predicted, score  # noqa: E402

REAL = Path(__file__).resolve().parents[4] / "shared" / "data" / "levir_dev"
TINY = Recipe(Design("small", twin=True), batch=2, seed=3, validations=2)
VIEWS = Views(size_px=64)


def houses(seed: int = 0, side: int = 128) -> LabelledPair:
    """Grey ground; at the second date four bright squares of 20 px."""
    rng = np.random.default_rng(seed)
    before = rng.normal(90, 6, (side, side, 3)).clip(0, 255).astype(np.uint8)
    after, labels = before.copy(), np.zeros((2, side, side), np.uint8)
    for row in (20, 80):
        for col in (20, 80):
            after[row : row + 20, col : col + 20] = (200, 190, 180)
            labels[0, row : row + 20, col : col + 20] = 1
    return LabelledPair(f"place-{seed}", before, after, labels, 0.55)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("twin", [True, False])
def test_every_network_is_small_and_halves_its_input(size: str, twin: bool) -> None:
    net = PairNet(Design(size, twin)).eval()
    assert parameters_of(net) < 1_000_000
    assert net(torch.zeros(1, 6, 64, 96, dtype=torch.uint8)).shape == (1, 4, 32, 48)


def test_what_nobody_judged_teaches_nothing() -> None:
    logits = torch.randn(1, 4, 8, 8, requires_grad=True)
    labels = torch.full((1, 4, 16, 16), UNKNOWN, dtype=torch.uint8)
    labels[:, :, :8] = 1
    loss_of(logits, labels, UNKNOWN).backward()
    assert logits.grad is not None
    assert bool((logits.grad[:, :, :4] != 0).all()) and bool((logits.grad[:, :, 4:] == 0).all())


def test_a_killed_training_goes_on_where_it_was(tmp_path: Path) -> None:
    source = [(PairSource([houses()], VIEWS), 1.0)]
    whole = train(source, None, TINY, Budget(None, 8), tmp_path / "whole")

    class KilledError(Exception):
        pass

    heard: list[float] = []

    def validate(net: PairNet) -> Score:
        heard.append(1.0)
        if len(heard) == 2:
            raise KilledError
        return Score(0.1, 0.1, 0.1, 0.0, threshold=0.5)

    with pytest.raises(KilledError):
        train(source, validate, TINY, Budget(None, 8), tmp_path / "half")
    again = train(source, validate, TINY, Budget(None, 8), tmp_path / "half")
    kept = torch.load(tmp_path / "half" / "checkpoint.pt", weights_only=True)
    assert kept["step"] == 8 and len(kept["history"]) >= 2
    for name, value in whole.state_dict().items():
        torch.testing.assert_close(kept["average"][name], value, rtol=1e-3, atol=1e-3)
    assert not again.training


def test_a_folder_of_another_training_is_refused(tmp_path: Path) -> None:
    source = [(PairSource([houses()], VIEWS), 1.0)]
    train(source, None, TINY, Budget(None, 1), tmp_path)
    with pytest.raises(OptionError, match="another recipe"):
        train(source, None, Recipe(Design("small", twin=True), batch=2, seed=4), Budget(None, 1), tmp_path)


def test_it_learns_and_is_stopped_by_held_out_places(tmp_path: Path) -> None:
    held = [houses(9)]
    before = score(PairNet(TINY.design).eval(), held)
    recipe = Recipe(Design("small", twin=True), batch=2, seed=1, warm_up=5)
    net = train(
        [(PairSource([houses(1), houses(2)], VIEWS), 1.0)], lambda n: score(n, held), recipe, Budget(None, 60), tmp_path
    )
    after = score(net, held)
    assert after.pixel_f1 > max(0.5, before.pixel_f1 + 0.2)
    assert after.object_recall >= 0.75


def test_a_budget_needs_an_end() -> None:
    with pytest.raises(OptionError):
        Budget(None, None)
    with pytest.raises(OptionError, match="minutes"):
        Budget(0.0)


def test_weights_come_back_with_their_design(tmp_path: Path) -> None:
    net = PairNet(Design("small", twin=False))
    save_weights(net, tmp_path / "weights.npz")
    design, values = load_weights(tmp_path / "weights.npz")
    assert design == Design("small", twin=False)
    assert all(torch.equal(values[name], value) for name, value in net.state_dict().items())


@pytest.mark.skipif(not REAL.is_dir(), reason=f"{REAL} is not there")
@pytest.mark.parametrize("twin", [True, False])
def test_what_runs_is_what_was_trained(tmp_path: Path, twin: bool) -> None:
    """On real tiles the ONNX network equals the torch one within 1e-3, as a probability and as a log-odds."""
    from geodata.io.rasters import SceneReader

    torch.manual_seed(5)
    net = PairNet(Design("base", twin)).train()
    rng = np.random.default_rng(2)
    for _ in range(3):  # running statistics as a trained network has them
        net(torch.from_numpy(rng.integers(0, 255, (2, 6, 64, 64), dtype=np.uint8)))
    net.eval()
    write_onnx(net, tmp_path / "network.onnx")
    network = Network(tmp_path / "network.onnx", "", 0.55)
    for name in ("tile_01.tif", "tile_17.tif", "tile_30.tif"):
        dates = []
        for part in ("before", "after"):
            info = inspect_raster(REAL / part / name)
            dates.append(SceneReader(info, ("red", "green", "blue"), 1).read(256, 256, 320, 320)[0])
        both = np.ascontiguousarray(np.concatenate(dates))[None].astype(np.uint8)
        told = network.session.run(["changes"], {"pictures": both})[0]
        with torch.no_grad():
            wanted = net(torch.from_numpy(both))[:, :2].numpy()
        assert np.abs(told - wanted).max() < 1e-3


def test_a_validation_sees_the_whole_picture() -> None:
    pair = houses(side=100)
    guess = predicted(PairNet(TINY.design).eval(), pair.before, pair.after)
    assert guess.shape == (4, 100, 100) and guess.min() >= 0 and guess.max() <= 1
