"""Writes encoder.onnx and decoder.onnx, 784-400-20 with random weights, into a folder: the networks that onnxruntime runs.

    python3 bench/peers/export_onnx.py FOLDER
"""
import os
import sys

import torch
import torch.nn as nn

from vae import D, VAE, Z


class Call(nn.Module):
    """One method of a model, as a module of its own."""

    def __init__(self, model, method):
        super().__init__()
        self.model, self.method = model, method

    def forward(self, x):
        return getattr(self.model, self.method)(x)


folder, model = sys.argv[1], VAE()
for name, method, width, outputs in [("encoder", "encode", D, ["mean", "logVar"]), ("decoder", "decode", Z, ["logits"])]:
    torch.onnx.export(Call(model, method), torch.zeros(1, width), os.path.join(folder, f"{name}.onnx"), input_names=["x"],
                      output_names=outputs, dynamic_axes={axis: {0: "B"} for axis in ["x", *outputs]})
