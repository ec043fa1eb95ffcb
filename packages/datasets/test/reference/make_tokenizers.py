"""Makes tokenizers.json beside this script: small tokenizers of Hugging Face's, and what they make of texts.

    pip install tokenizers && python make_tokenizers.py

Made with tokenizers 0.22 (see `made_with` in the file).
"""

import json
import pathlib

import tokenizers
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

CORPUS = [
    "der Hund sieht die Katze", "die Katze sieht den Hund", "Hunde und Katzen sehen den Mond",
    "low lower lowest, new newer newest wide wider widest", "banana bananas aaaa aaa", "Ein Kätzchen, zwei Kätzchen.",
]
TEXTS = [
    "der Hund sieht Katzen", "newest bananas", "Kätzchen!", "unknown ☃ snow", "", " two  spaces ", "שלום עולם",
    "e\u0301t\u00e9 na\u00efve", "\U0001f600 aaaaa", "The Lowest-widest Hund's 3.14",
]
PAIR = ["der Hund", "die Katze sieht"]

bpe = Tokenizer(models.BPE(unk_token="[UNK]"))
bpe.normalizer = normalizers.NFC()
bpe.pre_tokenizer = pre_tokenizers.Metaspace()
bpe.decoder = decoders.Metaspace()
bpe.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=80, special_tokens=["[PAD]", "[UNK]"], show_progress=False))

wordpiece = Tokenizer(models.WordPiece(unk_token="[UNK]"))
wordpiece.normalizer = normalizers.BertNormalizer(lowercase=True)
wordpiece.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
wordpiece.decoder = decoders.WordPiece()
wordpiece.train_from_iterator(
    CORPUS + TEXTS[:3],
    trainers.WordPieceTrainer(vocab_size=90, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]"], show_progress=False),
)
wordpiece.post_processor = processors.TemplateProcessing(
    single="[CLS] $A [SEP]",
    pair="[CLS] $A [SEP] $B:1 [SEP]:1",
    special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
)

byte_level = Tokenizer(models.BPE())
byte_level.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
byte_level.decoder = decoders.ByteLevel()
byte_level.train_from_iterator(
    CORPUS,
    trainers.BpeTrainer(vocab_size=300, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False),
)


def case(name, tokenizer):
    plain = [tokenizer.encode(text, add_special_tokens=False) for text in TEXTS]
    pair = tokenizer.encode(*PAIR)
    return {
        "name": name,
        "file": json.loads(tokenizer.to_str()),
        "ids": [own.ids for own in plain],
        "tokens": [own.tokens for own in plain],
        "decoded": [tokenizer.decode(own.ids) for own in plain],
        "pair": {"ids": pair.ids, "segments": pair.type_ids},
    }


cases = [case("BPE", bpe), case("WordPiece", wordpiece), case("BPE of bytes", byte_level)]
file = pathlib.Path(__file__).parent / "tokenizers.json"
result = {"made_with": tokenizers.__version__, "corpus": CORPUS, "texts": TEXTS, "pair": PAIR, "cases": cases}
file.write_text(json.dumps(result, ensure_ascii=True, separators=(",", ":")) + "\n")
