"""How fast the host backend is beside torch in float32 and, where it and onnx are installed, onnxruntime in int8: python speed.py [images] [rounds]

The same network in the same process: hybrid_small as it is bundled, three fifths of its weights zero, and with random weights; on one thread
each, in turns. Processor time and medians: another process on the machine disturbs all alike.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import numpy as np
import torch

import tfc
from tfc.backends.host.model import compile_host
from tfc.backends.target import load_target
from tfc.data import quantize_inputs
from tfc.importer.model import import_model
from tfc.passes.calibrate import calibrate_on
from tfc.passes.pipeline import FLOAT, integer_passes, run_pipeline
from tfc.zoo.hybrid_small import HybridSmall

BUNDLED = Path(tfc.__file__).parent / "zoo" / "hybrid_small.pt2"
BATCH = 64  # of torch and onnxruntime: fast for both
FIRST = "tfc host, int8"
Run = Callable[[], object]


def network(*, bundled: bool) -> torch.nn.Module:
    torch.manual_seed(0)
    model = HybridSmall()
    if bundled:
        model.load_state_dict(torch.export.load(BUNDLED).state_dict)
    return model.eval()


def runs(model: torch.nn.Module, images: np.ndarray) -> Iterator[tuple[str, Run]]:
    """What goes through all images [N, 3, 32, 32] once, by name."""
    target, samples = load_target("stm32f746"), [images[:32, None]]
    simple = run_pipeline(import_model(model, (torch.zeros(1, 3, 32, 32),)), target, FLOAT)
    placed = run_pipeline(calibrate_on(simple, samples), target, integer_passes("latency"))  # values share memory, and so caches
    host, integers = compile_host(placed), quantize_inputs(placed, [images[:, None]])
    yield FIRST, lambda: host.run_batch(integers, threads=1)
    batches = torch.from_numpy(images).split(BATCH)

    def eager() -> None:
        with torch.inference_mode():
            for batch in batches:
                model(batch)

    yield "torch, float32", eager
    try:
        yield "onnxruntime, int8", onnxruntime_int8(model, images)
    except ImportError as error:
        print(f"no onnxruntime: {error}")


def onnxruntime_int8(model: torch.nn.Module, images: np.ndarray) -> Run:
    """Static quantization with scales for each channel, as its documentation proposes for processors."""
    import onnxruntime
    from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(CalibrationDataReader):
        """One batch of samples."""

        def __init__(self) -> None:
            self.left = [{"x": images[:BATCH]}]

        def get_next(self) -> dict[str, np.ndarray] | None:
            return self.left.pop() if self.left else None

    with tempfile.TemporaryDirectory() as name:
        exported, prepared, quantized = (Path(name, stem + ".onnx") for stem in ("float", "prepared", "int8"))
        logging.disable()  # of both exporters, which mention what does not concern us
        torch.onnx.export(model, (torch.zeros(BATCH, 3, 32, 32),), exported, input_names=["x"], dynamo=False)
        quant_pre_process(exported, prepared, skip_symbolic_shape=True)
        quantize_static(prepared, quantized, Reader(), per_channel=True, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(quantized, options, providers=["CPUExecutionProvider"])
    return lambda: [session.run(None, {"x": images[first : first + BATCH]}) for first in range(0, len(images), BATCH)]


def measure(model: torch.nn.Module, images: np.ndarray, rounds: int) -> dict[str, float]:
    """Images in a second of processor time."""
    measured: dict[str, list[float]] = {}
    ways = dict(runs(model, images))
    for number in range(rounds + 1):
        for name, run in ways.items():
            started = time.process_time()
            run()
            if number:  # the first warms up
                measured.setdefault(name, []).append(time.process_time() - started)
    return {name: len(images) / median(spent) for name, spent in measured.items()}


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 512
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    torch.set_num_threads(1)
    images = np.random.default_rng(0).random((-(-count // BATCH) * BATCH, 3, 32, 32), np.float32)
    print(f"hybrid_small, one thread each, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; images a second of processor time")
    for weights in ("bundled", "random"):
        speeds = measure(network(bundled=weights == "bundled"), images, rounds)
        for name, speed in speeds.items():
            print(f"{weights:10}{name:20}{speed:8,.0f}  the host backend is {speeds[FIRST] / speed:.2f} times as fast")
