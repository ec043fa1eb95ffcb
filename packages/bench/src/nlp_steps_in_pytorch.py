"""The tagging step of nlp.ts in PyTorch: a line of JSON in, a line of JSON out."""

import importlib.metadata
import os
import platform

import torch
from answer_lines import answer_lines
from torch import nn

torch.set_num_threads(len(os.sched_getaffinity(0)))
torch.manual_seed(1)

BATCH, TOKENS, WORDS, TAGS = 32, 32, 5000, 7


class Crf(nn.Module):
    """A linear chain: every token is there."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Parameter(torch.zeros(TAGS)), nn.Parameter(torch.zeros(TAGS))
        self.next = nn.Parameter(torch.zeros(TAGS, TAGS))

    def forward(self, scores, tags):
        total = self.first + scores[:, 0]
        for token in range(1, TOKENS):
            total = torch.logsumexp(total.unsqueeze(2) + self.next, 1) + scores[:, token]
        partition = torch.logsumexp(total + self.last, 1)
        chosen = scores.gather(2, tags.unsqueeze(2)).sum((1, 2))
        chosen = chosen + self.first[tags[:, 0]] + self.last[tags[:, -1]] + self.next[tags[:, :-1], tags[:, 1:]].sum(1)
        return (partition - chosen).mean()


def bilstm_crf():
    embedding, lstm = nn.Embedding(WORDS + 1, 100), nn.LSTM(100, 100, batch_first=True, bidirectional=True)
    scores, crf = nn.Linear(200, TAGS), Crf()
    modules = nn.ModuleList([embedding, lstm, scores, crf])
    optimizer = torch.optim.Adam(modules.parameters(), lr=1e-3)
    words, tags = torch.randint(1, WORDS + 1, (BATCH, TOKENS)), torch.randint(0, TAGS, (BATCH, TOKENS))

    def step():
        optimizer.zero_grad()
        loss = crf(scores(lstm(embedding(words))[0]), tags)
        loss.backward()
        optimizer.step()
        loss.item()

    return step


versions = {"torch": importlib.metadata.version("torch"), "Python": platform.python_version()}
answer_lines(versions, {"bilstm-crf": bilstm_crf})
