"""Writes model.safetensors and case.safetensors beside itself: a model that only PyTorch has seen, trained for three steps.

    python3 tests/interchange/fixture.py
"""
import json
import pathlib
import sys

import torch
from torch.nn import functional as F

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent / "examples"))
import pytorch  # noqa: E402

HIDDEN = {"hidden": [3], "activation": "elu", "channels": [2], "batchNorm": True}
CONFIG = {"input": 12, "latent": 2, "likelihood": "bernoulli", "variance": 1, "classes": 3, "embedding": 2,
          "image": [3, 4, 1], "encoder": HIDDEN, "decoder": HIDDEN}
METADATA = {"elbo": "1", "config": json.dumps(CONFIG, separators=(",", ":")), "key": "[0,0]",
            "optimizer": '{"learningRate":0.001,"beta1":0.9,"beta2":0.999,"epsilon":1e-8}'}

torch.manual_seed(0)
model, labels = pytorch.VAE(CONFIG), torch.arange(8) % 3
optimizer = torch.optim.Adam(model.parameters(), 1e-2)
x, z = torch.rand(8, 12), torch.randn(8, 2)
for _ in range(3):
    mean, log_var = model.encode(x, labels)
    logits = model.decode(mean + torch.randn_like(mean) * (log_var / 2).exp(), labels)
    kl = 0.5 * (mean ** 2 + log_var.exp() - 1 - log_var).sum()
    loss = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") + kl
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

pytorch.save(HERE / "model.safetensors", model.eval(), METADATA)
with torch.no_grad():
    mean, log_var = model.encode(x, labels)
    case = {"x": x, "z": z, "labels": labels.int(), "mean": mean, "logVar": log_var, "outputs": model.decode(z, labels)}
pytorch.write_safetensors(HERE / "case.safetensors", case, {})
