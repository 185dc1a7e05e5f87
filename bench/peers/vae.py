"""The network, the loss and the optimizer of both PyTorch peers, as pytorch/examples' VAE has them."""
import torch
import torch.nn as nn
import torch.nn.functional as F

D, H, Z = 784, 400, 20


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.mean, self.log_var = nn.Linear(D, H), nn.Linear(H, Z), nn.Linear(H, Z)
        self.decoder, self.output = nn.Linear(Z, H), nn.Linear(H, D)

    def encode(self, x):
        h = F.relu(self.encoder(x))
        return self.mean(h), self.log_var(h)

    def decode(self, z):
        return self.output(F.relu(self.decoder(z)))

    def forward(self, x):
        mean, log_var = self.encode(x)
        return self.decode(mean + torch.randn_like(mean) * torch.exp(0.5 * log_var)), mean, log_var


def loss(model, x):
    """The negative ELBO, summed over the batch."""
    logits, mean, log_var = model(x)
    reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
    return reconstruction - 0.5 * torch.sum(1 + log_var - mean * mean - log_var.exp())


class Training:
    """A model and its optimizer."""

    def __init__(self):
        self.model = VAE()
        self.adam = torch.optim.Adam(self.model.parameters(), 1e-3)

    def step(self, x):
        self.adam.zero_grad()
        total = loss(self.model, x)
        (total / len(x)).backward()
        self.adam.step()
        return total
