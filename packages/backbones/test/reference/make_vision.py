"""Makes the reference files beside this script: what torchvision's and Keras' networks answer with weights that a formula
gives for a tensor's name and a value's place in it (../formula.ts has the same one), and small files of weights.

    pip install torch torchvision timm && python make_vision.py torch
    pip install tensorflow-cpu && python make_vision.py keras

Made with torch 2.15, torchvision 0.29.2, timm 1.0.20, Keras 3.15.1 on TensorFlow 2.21.
"""

import json
import pathlib
import struct
import sys

import numpy as np

HERE = pathlib.Path(__file__).parent
INPUT = (2, 35, 50, 3)


def uniform(name, count):
    """Numbers from 0 to 1, by a hash (MurmurHash3's finalizer) of the name's hash (FNV-1a) and the place."""
    start = 0x811C9DC5
    for byte in name.encode():
        start = ((start ^ byte) * 0x01000193) & 0xFFFFFFFF
    x = (np.arange(count, dtype=np.uint64) * 0x9E3779B1 + start).astype(np.uint32)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x85EBCA6B)
    x ^= x >> np.uint32(13)
    x *= np.uint32(0xC2B2AE35)
    x ^= x >> np.uint32(16)
    return x.astype(np.float64) / 2**32


def formula(name, shape, fan_in):
    u = uniform(name, int(np.prod(shape))).reshape(shape)
    if len(shape) > 1:
        value = (2 * u - 1) * np.sqrt(6 / fan_in)
    elif name.endswith(("running_var", "moving_variance")):
        value = 0.5 + u
    elif name.endswith(("weight", "gamma")):
        value = 0.25 + u / 2
    else:
        value = (2 * u - 1) / 10
    return value.astype(np.float32)


def pictures():
    return (2 * uniform("input", int(np.prod(INPUT))).reshape(INPUT) - 1).astype(np.float32)


def write(file, features, shapes):
    """The features, [batch, height, width, channels], and as metadata the shapes of all weights by name."""
    data = np.ascontiguousarray(features, dtype="<f4").tobytes()
    header = {
        "__metadata__": {"weights": json.dumps(shapes, separators=(",", ":"))},
        "features": {"dtype": "F32", "shape": list(features.shape), "data_offsets": [0, len(data)]},
    }
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    (HERE / file).write_bytes(struct.pack("<Q", len(text)) + text + data)


def make_torch():
    import timm
    import torch
    import torchvision.models as models

    def reference(file, network, features):
        state = network.state_dict()
        for name, tensor in state.items():
            if tensor.dtype == torch.float32:
                fan_in = int(np.prod(tensor.shape[1:]))
                tensor.copy_(torch.from_numpy(formula(name, tuple(tensor.shape), fan_in)))
        network.eval()
        with torch.no_grad():
            output = features(network)(torch.from_numpy(pictures()).permute(0, 3, 1, 2))
        shapes = {name: list(tensor.shape) for name, tensor in state.items()}
        write(file, output.permute(0, 2, 3, 1).numpy(), shapes)

    without_top = lambda network: torch.nn.Sequential(*list(network.children())[:-2])
    reference("torchvision-resnet18.safetensors", models.resnet18(), without_top)
    reference("torchvision-resnet50.safetensors", models.resnet50(), without_top)
    reference("torchvision-mobilenet-v2.safetensors", models.mobilenet_v2(), lambda network: network.features)
    reference(
        "timm-efficientnet-lite0.safetensors",
        timm.create_model("tf_efficientnet_lite0"),
        lambda network: network.forward_features,
    )

    # A strided view, a shared storage, several types, and what state_dict() says of versions.
    grid = torch.arange(12, dtype=torch.float32).reshape(3, 4)
    module = torch.nn.BatchNorm1d(2)
    state = module.state_dict()
    state.update(
        {
            "turned": grid.t(),
            "part": grid[1:, 1:3],
            "half": torch.tensor([1.5, -2.0, 65504.0, 2**-24]).half(),
            "brain": torch.tensor([1.5, -3.0]).bfloat16(),
            "double": torch.tensor([0.25]).double(),
            "parameter": torch.nn.Parameter(torch.tensor([[7.0]])),
        }
    )
    torch.save(state, HERE / "small.pth")
    torch.save(state, HERE / "small-legacy.pth", _use_new_zipfile_serialization=False)
    torch.save({"epoch": 3, "state_dict": state}, HERE / "small-checkpoint.pth")
    torch.save(module, HERE / "whole-module.pth")


def make_keras():
    import keras

    def set_weights(network):
        shapes = {}
        for layer in network.layers:
            for weight in layer.weights:
                name = f"{layer.name}/{weight.name}"
                shapes[name] = list(weight.shape)
                weight.assign(formula(name, tuple(weight.shape), int(np.prod(weight.shape[:-1]))))
        return shapes

    def reference(file, network):
        shapes = set_weights(network)
        write(file, keras.ops.convert_to_numpy(network(pictures(), training=False)), shapes)

    shape = {"weights": None, "include_top": False, "input_shape": (None, None, 3)}
    reference("keras-resnet50.safetensors", keras.applications.ResNet50(**shape))
    # It pads by the size that it is built for.
    mobilenet = keras.applications.MobileNetV2(**{**shape, "input_shape": INPUT[1:]})
    reference("keras-mobilenet-v2.safetensors", mobilenet)

    small = keras.Sequential(
        [
            keras.Input((4, 4, 2)),
            keras.layers.Conv2D(3, 2, name="first"),
            keras.layers.BatchNormalization(name="norm"),
            keras.layers.Conv2D(1, 1, use_bias=False, name="second"),
        ]
    )
    set_weights(small)
    small.save_weights(HERE / "small.weights.h5")
    small.save(HERE / "small-model.h5")


{"torch": make_torch, "keras": make_keras}[sys.argv[1]]()
