import argparse

import tensorflow as tf
from engine import Engine


def build(options):
    start = tf.constant([1.0, 2.0])
    return Engine(start, options.rate)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=float, default=0.1)
    build(parser.parse_args()).step()
