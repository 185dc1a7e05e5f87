"""One training step in PyTorch, the native peer: same network, batch, optimizer and timing as bench/measure/step.ts.

    python3 bench/peers/torch_vae.py --threads 2 --batch 128

Any PyTorch will do; Debian has it as python3-torch, which wants libopenblas0-pthread beside it. Leave OPENBLAS_CORETYPE and
OPENBLAS_L2_SIZE unset: they slow a current OpenBLAS down. The better of one and two threads is PyTorch's figure.
"""
import argparse
import json
import time

import torch

from vae import D, Training

parser = argparse.ArgumentParser()
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--batch", type=int, default=128)
parser.add_argument("--quick", action="store_true")
flags = parser.parse_args()
torch.set_num_threads(flags.threads)

training, x = Training(), torch.rand(flags.batch, D)
calls = max(1, round(20 * 128 / flags.batch))


def sample():
    """Milliseconds a step."""
    start = time.perf_counter()
    for _ in range(calls):
        training.step(x).item()  # elbo's step, too, gives its loss as a number
    return (time.perf_counter() - start) / calls * 1e3


for _ in range(1 if flags.quick else 3):
    sample()
times = sorted(sample() for _ in range(3 if flags.quick else 15))
print(json.dumps({"measure": "step", "peer": f"PyTorch {torch.__version__}", "threads": flags.threads, "batch": flags.batch,
                  "ms": times[len(times) // 2], "min": times[0], "max": times[-1]}))
