"""The steps of engine-steps.ts in Keras, as graphs of TensorFlow: a line of JSON in, a line of JSON out."""

import os
import platform

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras  # noqa: E402
import tensorflow as tf  # noqa: E402
from answer_lines import answer_lines  # noqa: E402
from keras import layers  # noqa: E402

keras.utils.set_random_seed(1)

cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
squared_error = keras.losses.MeanSquaredError()


def stepper(inputs, outputs, loss, x, labels):
    model = keras.Model(inputs, outputs)
    optimizer = keras.optimizers.Adam(1e-3, epsilon=1e-7)
    optimizer.build(model.trainable_variables)

    @tf.function
    def train():
        with tf.GradientTape() as tape:
            found = tf.nest.flatten(model(x, training=True))
            value = sum(loss(y, output) for y, output in zip(labels, found))
        gradients = tape.gradient(value, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        return value

    return lambda: train().numpy()


def classes(shape, count):
    return tf.random.uniform(shape, 0, count, "int32")


def classifier(inputs, features, x):
    labels = [classes([len(x)], 10) for _ in range(2)]
    return stepper(inputs, [layers.Dense(10)(features) for _ in labels], cross_entropy, x, labels)


def dense(hidden, units):
    for count in units:
        hidden = layers.Dense(count, "relu")(hidden)
    return hidden


def mlp():
    inputs = keras.Input([784])
    return classifier(inputs, dense(inputs, [512, 512]), tf.random.normal([128, 784]))


def convolutions(filters, batch):
    inputs = hidden = keras.Input([32, 32, 3])
    for count in filters:
        hidden = layers.Conv2D(count, 3, padding="same", use_bias=False)(hidden)
        hidden = layers.ReLU()(layers.BatchNormalization()(hidden))
        hidden = layers.MaxPooling2D(2)(hidden)
    return classifier(
        inputs, layers.GlobalAveragePooling2D()(hidden), tf.random.normal([batch, 32, 32, 3])
    )


def lstm():
    inputs = keras.Input([32])
    hidden = layers.LSTM(64, return_sequences=True)(layers.Embedding(1000, 64)(inputs))
    return stepper(
        inputs, [layers.Dense(17)(hidden)], cross_entropy, classes([32, 32], 1000), [classes([32, 32], 17)]
    )


def heads8_sum():
    inputs = keras.Input([64])
    hidden = dense(inputs, [128, 128])
    labels = [tf.random.normal([256, 1]) for _ in range(8)]
    outputs = [layers.Dense(1)(hidden) for _ in labels]
    return stepper(inputs, outputs, squared_error, tf.random.normal([256, 64]), labels)


answer_lines(
    {"keras": keras.__version__, "TensorFlow": tf.__version__, "Python": platform.python_version()},
    {
        "mlp": mlp,
        "cnn": lambda: convolutions([32, 64, 128], 32),
        "lstm": lstm,
        "heads8-sum": heads8_sum,
        "small-cnn": lambda: convolutions([8, 16], 16),
    },
)
