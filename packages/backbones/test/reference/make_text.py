"""Makes the reference files of text trunks beside this script: small networks with random weights and what they answer.

    pip install torch transformers && python make_text.py

Made with torch 2.15, transformers 5.24.
"""

import pathlib

import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertForTokenClassification, BertModel
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

HERE = pathlib.Path(__file__).parent
torch.manual_seed(1)


def shaken(network):
    """With norms and biases that are not 1 and 0, as new ones are."""
    for parameter in network.parameters():
        parameter.data += 0.2 * torch.randn_like(parameter)
    return network.eval()


def contiguous(tensors):
    return {name: tensor.detach().float().contiguous().clone() for name, tensor in tensors.items()}


config = BertConfig(
    vocab_size=20,
    hidden_size=16,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=24,
    max_position_embeddings=9,
)
words = torch.tensor([[2, 7, 19, 3, 5, 3], [2, 11, 3, 0, 0, 0]])
segments = torch.tensor([[0, 0, 0, 0, 1, 1], [0, 0, 0, 0, 0, 0]])
mask = (words > 0).long()

for file, make in {"bert": BertModel, "bert-with-head": BertForTokenClassification}.items():
    network = shaken(make(config))
    own = network if make is BertModel else network.bert
    with torch.no_grad():
        features = own(words, attention_mask=mask, token_type_ids=segments).last_hidden_state
    save_file(contiguous(network.state_dict()), HERE / f"{file}.safetensors")
    save_file(
        contiguous({"words": words, "segments": segments, "features": features * mask.unsqueeze(-1)}),
        HERE / f"{file}-features.safetensors",
    )

layer = shaken(
    torch.nn.TransformerEncoderLayer(
        8, 2, 12, dropout=0.0, activation="gelu", layer_norm_eps=1e-6, batch_first=True, norm_first=True
    )
)
texts = torch.randn(2, 5, 8)
hidden = torch.tensor([[False] * 5, [False] * 3 + [True] * 2])
with torch.no_grad():
    features = layer(texts * ~hidden.unsqueeze(-1), src_key_padding_mask=hidden)

# Turned as Llama turns its queries and keys.
queries = torch.randn(1, 2, 7, 8)
angles = torch.outer(torch.arange(7).float(), 10000.0 ** (-torch.arange(0, 8, 2).float() / 8))
angles = torch.cat([angles, angles], -1).unsqueeze(0)
turned, _ = apply_rotary_pos_emb(queries, queries, angles.cos(), angles.sin())

save_file(
    contiguous(
        {
            **layer.state_dict(),
            "texts": texts * ~hidden.unsqueeze(-1),
            "features": features * ~hidden.unsqueeze(-1),
            "queries": queries,
            "turned": turned,
        }
    ),
    HERE / "transformer.safetensors",
)
