import tensorflow as tf

from agents import make_agent


def test_update():
    agent = make_agent("critic", tf.Variable([1.0, -1.0]))
    agent.update(tf.constant([[0.5, 2.0], [1.0, 1.0]]), tf.constant([1.0, 0.0]))


if __name__ == "__main__":
    test_update()
