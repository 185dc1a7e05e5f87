"""Ten epochs of MNIST in PyTorch with an evaluation after each: what `deno task train` does, but for pictures and files.

    python3 bench/peers/torch_mnist.py --data FOLDER --threads 2 --epochs 10

FOLDER has train-images-idx3-ubyte and t10k-images-idx3-ubyte. The images become float32 once, before training: of what one
can write in PyTorch without a DataLoader this is the fastest.
"""
import argparse
import json
import os
import time

import torch

from vae import D, Training, loss

parser = argparse.ArgumentParser()
parser.add_argument("--data", required=True)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--epochs", type=int, default=10)
parser.add_argument("--batch", type=int, default=128)
flags = parser.parse_args()
torch.set_num_threads(flags.threads)
torch.manual_seed(0)


def images(name):
    """[N, 784] in [0, 1] from an IDX file, whose header has 16 bytes."""
    with open(os.path.join(flags.data, name), "rb") as file:
        pixels = bytearray(file.read())
    return torch.frombuffer(pixels, dtype=torch.uint8, offset=16).reshape(-1, D).float() / 255


start = time.perf_counter()
train, test = images("train-images-idx3-ubyte"), images("t10k-images-idx3-ubyte")
training = Training()
for _ in range(flags.epochs):
    total = 0.0
    for indices in torch.randperm(len(train)).split(flags.batch):
        total += training.step(train[indices]).item()
    with torch.no_grad():
        evaluated = sum(loss(training.model, x).item() for x in test.split(1000)) / len(test)
print(json.dumps({"measure": "train", "peer": f"PyTorch {torch.__version__}", "threads": flags.threads, "epochs": flags.epochs,
                  "seconds": time.perf_counter() - start, "train": total / len(train), "test": evaluated}))
