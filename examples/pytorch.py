"""elbo's models in PyTorch, and PyTorch's weights in elbo. Needs torch (1.13 or later) and numpy, nothing else.

    python3 examples/pytorch.py check MODEL.safetensors CASE.safetensors
    python3 examples/pytorch.py export MODEL.safetensors OUT.safetensors

`check` loads a checkpoint into the module below and compares what it computes with what elbo computed, which
examples/pytorch_case.ts writes. `export` goes back: a checkpoint that elbo's `load` takes, at step 0. To train in between:

    model, metadata = load("MODEL.safetensors")
    ...  # model.encode, model.decode, an optimizer of PyTorch's
    save("OUT.safetensors", model, metadata)
"""
import hashlib
import json
import math
import struct
import sys
from collections import OrderedDict

import torch
from torch import nn
from torch.nn import functional as F

ACTIVATIONS = {
    **{"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "elu": nn.ELU, "gelu": nn.GELU, "silu": nn.SiLU},
    "leaky-relu": lambda: nn.LeakyReLU(0.2),
}
TWO_OUTPUTS = ("gaussian-pixel", "discretized-logistic")  # likelihoods with two parameters for each value of x
LOG_VAR_BOUNDS = (-30, 20)
TOLERANCE = 1e-5  # of float32 sums in another order, relative to 1 + |value|


# The module. Its names are those of a checkpoint, so it can be copied, and loads by the two functions below it.


def layer(product, width, options):
    """A hidden layer: product, activation, and then batch normalization if there is one."""
    parts = OrderedDict(product=product, activation=ACTIVATIONS[options["activation"]]())
    if options["batchNorm"]:
        parts["norm"] = (nn.BatchNorm1d if isinstance(product, nn.Linear) else nn.BatchNorm2d)(width)
    return nn.Sequential(parts)


def dense(widths, options):
    return nn.ModuleList(layer(nn.Linear(i, o), o, options) for i, o in zip(widths, widths[1:]))


def halvings(config, n):
    """Height and width of an image, and of what n convolutions of stride 2 leave of it: 28, 14, 7, 3."""
    height, width = config["image"][:2] if n > 0 else (0, 0)
    return [(height >> i, width >> i) for i in range(n + 1)]


class Condition(nn.Module):
    """What encoder and decoder share: a label beside x, one-hot or by its embedding."""

    def __init__(self, config):
        super().__init__()
        self.config, self.extra = config, config["embedding"] or config["classes"]
        if config["embedding"]:
            self.embedding = nn.Embedding(config["classes"], config["embedding"])

    def with_labels(self, x, labels):
        if not self.config["classes"]:
            return x
        one_hot = not self.config["embedding"]
        return torch.cat([x, F.one_hot(labels, self.extra).to(x) if one_hot else self.embedding(labels)], 1)


class Encoder(Condition):
    def __init__(self, config):
        super().__init__(config)
        options = config["encoder"]
        channels = [*config.get("image", [])[2:], *options["channels"]]
        n = len(options["channels"])
        self.conv = nn.ModuleList(
            layer(nn.Conv2d(i, o, 4, stride=2, padding=1), o, options) for i, o in zip(channels, channels[1:]))
        flat = math.prod(halvings(config, n)[-1]) * channels[-1] if n else config["input"]
        widths = [flat + self.extra, *options["hidden"]]
        self.hidden = dense(widths, options)
        self.mean, self.logVar = (nn.Linear(widths[-1], config["latent"]) for _ in range(2))

    def forward(self, x, labels=None):
        if len(self.conv):
            x = x.reshape(len(x), *self.config["image"]).permute(0, 3, 1, 2)  # elbo has the channels last
            for part in self.conv:
                x = part(x)
            x = x.permute(0, 2, 3, 1).flatten(1)
        x = self.with_labels(x, labels)
        for part in self.hidden:
            x = part(x)
        return self.mean(x), self.logVar(x).clamp(*LOG_VAR_BOUNDS)


class Decoder(Condition):
    def __init__(self, config):
        super().__init__(config)
        options, each = config["decoder"], 2 if config["likelihood"] in TWO_OUTPUTS else 1
        n = len(options["channels"])
        sizes = halvings(config, n)[::-1]
        widths = [config["latent"] + self.extra, *options["hidden"]]
        self.conv = nn.ModuleList()
        if n:
            self.seed = (*sizes[0], options["channels"][0])  # the last dense layer's output as an image
            widths.append(math.prod(self.seed))
            channels = [*options["channels"], config["image"][2] * each]
            ups = [  # 3 doubles to 6, with output_padding to 7
                nn.ConvTranspose2d(i, o, 4, stride=2, padding=1, output_padding=[side % 2 for side in size])
                for i, o, size in zip(channels, channels[1:], sizes[1:])]
            self.conv.extend(layer(up, up.out_channels, options) for up in ups[:-1])
        self.hidden = dense(widths, options)
        self.output = ups[-1] if n else nn.Linear(widths[-1], config["input"] * each)
        if config["likelihood"] == "gaussian-global":
            self.logVar = nn.Parameter(torch.zeros(1))  # of the likelihood, one for all values

    def forward(self, z, labels=None):
        y = self.with_labels(z, labels)
        for part in self.hidden:
            y = part(y)
        if not self.config["decoder"]["channels"]:
            return self.output(y)
        y = y.reshape(len(y), *self.seed).permute(0, 3, 1, 2)
        for part in self.conv:
            y = part(y)
        return self.output(y).permute(0, 2, 3, 1).flatten(1)


class VAE(nn.Module):
    """A model by elbo's complete configuration. x [B, D], z [B, Z], outputs [B, D P], labels [B] int64."""

    def __init__(self, config):
        super().__init__()
        self.config, self.encoder, self.decoder = config, Encoder(config), Decoder(config)

    def encode(self, x, labels=None):
        """Mean and log-variance of the posterior."""
        return self.encoder(x, labels)

    def decode(self, z, labels=None):
        """The likelihood's parameters: logits where it is Bernoulli."""
        return self.decoder(z, labels)


# Names and axes: kernels are [inputs, outputs] in elbo, [outputs, inputs] in PyTorch. Those of convolutions are
# [4, 4, inputs, outputs] and [outputs, inputs, 4, 4], transposed ones the same with inputs and outputs exchanged.

NORM = {"scale": "weight", "offset": "bias", "mean": "running_mean", "variance": "running_var"}


def to_state_dict(params):
    """A checkpoint's parameters, such as encoder.hidden.0.kernel, as a state_dict."""
    state = {}
    for name, value in params.items():
        owner, leaf = name.rsplit(".", 1)
        if owner.endswith(".norm"):
            state[f"{owner}.{NORM[leaf]}"] = value
        elif leaf == "embedding":
            state[f"{name}.weight"] = value
        elif leaf == "logVar":
            state[name] = value
        else:
            product = owner + ".product" if owner[-1].isdigit() else owner  # a hidden layer, or a head
            axes = {1: (0,), 2: (1, 0), 4: (3, 2, 0, 1)}[value.dim()]
            state[product + (".weight" if leaf == "kernel" else ".bias")] = value.permute(axes)
    return state


def from_state_dict(state):
    """The way back."""
    params, norm = {}, {there: here for here, there in NORM.items()}
    for name, value in state.items():
        owner, leaf = name.rsplit(".", 1)
        if owner.endswith(".norm"):
            if leaf in norm:  # all but num_batches_tracked
                params[f"{owner}.{norm[leaf]}"] = value
        elif owner.endswith(".embedding"):
            params[owner] = value
        elif leaf == "logVar":
            params[name] = value
        else:
            owner = owner[:-len(".product")] if owner.endswith(".product") else owner
            axes = {1: (0,), 2: (1, 0), 4: (2, 3, 1, 0)}[value.dim()]
            params[owner + (".kernel" if leaf == "weight" else ".bias")] = value.permute(axes)
    return params


# Files: eight bytes of header length, a header in JSON, the tensors' bytes.

DTYPES = {"F32": torch.float32, "I32": torch.int32}


def read_safetensors(path):
    """Tensors by name, and the metadata."""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = bytearray(file.read())
    metadata, tensors = header.pop("__metadata__", {}), {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        values = torch.frombuffer(data, dtype=DTYPES[entry["dtype"]], count=(end - begin) // 4, offset=begin)
        tensors[name] = values.reshape(entry["shape"])
    return tensors, metadata


def write_safetensors(path, tensors, metadata):
    """Tensors by name, laid out as elbo lays them out, by type and then by name: the same bytes for the same values.

    Where there are metadata they get the SHA-256 of the tensors, which elbo verifies.
    """
    dtypes, data, header = {dtype: name for name, dtype in DTYPES.items()}, bytearray(), {}
    for name, value in sorted(tensors.items(), key=lambda item: (dtypes[item[1].dtype], item[0])):
        begin = len(data)
        data += value.detach().cpu().contiguous().numpy().tobytes()
        header[name] = {"dtype": dtypes[value.dtype], "shape": list(value.shape), "data_offsets": [begin, len(data)]}
    if metadata:
        metadata = {**metadata, "sha256": hashlib.sha256(data).hexdigest()}
        header = {"__metadata__": dict(sorted(metadata.items())), **header}
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def load(path):
    """A checkpoint as a module for inference (`model.train()` makes it learn), and the checkpoint's metadata."""
    tensors, metadata = read_safetensors(path)
    if metadata.get("elbo") != "1":
        sys.exit(f"Cannot load {path}: expected a checkpoint of version 1, got {metadata.get('elbo', 'none')}")
    model, prefix = VAE(json.loads(metadata["config"])), "params."
    params = {name[len(prefix):]: value for name, value in tensors.items() if name.startswith(prefix)}
    model.load_state_dict(to_state_dict(params))  # copies; says which names and shapes do not fit
    return model.eval(), metadata


def save(path, model, metadata):
    """A module as a checkpoint: configuration, optimizer and key as in `metadata`, moments 0, step 0."""
    params, tensors = from_state_dict(model.state_dict()), {}
    optimizer = json.loads(metadata["optimizer"])
    for name, value in params.items():
        tensors["params." + name] = value
        tensors["mu." + name] = tensors["nu." + name] = torch.zeros_like(value)
        if "averageDecay" in optimizer:
            tensors["average." + name] = value  # as elbo's `init` starts it
    metadata = {**metadata, "step": "0"}
    if "training" in metadata:  # of the command line: without the sums of the epoch that had begun
        training = {name: value for name, value in json.loads(metadata["training"]).items() if name != "sums"}
        metadata["training"] = json.dumps(training, separators=(",", ":"), ensure_ascii=False)
    write_safetensors(path, tensors, metadata)


# The commands.


def check(model_path, case_path):
    """Prints what differs, and returns whether nothing does."""
    model, (case, _) = load(model_path)[0], read_safetensors(case_path)
    labels = case["labels"].long() if "labels" in case else None
    with torch.no_grad():
        mean, log_var = model.encode(case["x"], labels)
        got = {"mean": mean, "logVar": log_var, "outputs": model.decode(case["z"], labels)}
    good = True
    for name, value in got.items():
        wanted = case[name]
        if value.shape != wanted.shape:
            print(f"{name} differs: expected shape {list(wanted.shape)}, got {list(value.shape)}")
            good = False
            continue
        error = (value - wanted).abs() / (1 + wanted.abs())
        same = bool((error <= TOLERANCE).all())  # not so where there is a NaN
        print(f"{name} {'is the same' if same else 'differs'}: off by at most {error.max().item():.1e} of 1 + |value|")
        good = good and same
    return good


def main(arguments):
    if len(arguments) != 3 or arguments[0] not in ("check", "export"):
        sys.exit("usage: pytorch.py check MODEL CASE | pytorch.py export MODEL OUT")
    command, source, other = arguments
    if command == "check":
        sys.exit(0 if check(source, other) else 1)
    save(other, *load(source))


if __name__ == "__main__":
    main(sys.argv[1:])
