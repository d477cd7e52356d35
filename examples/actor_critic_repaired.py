"""One actor-critic step on a batch of transitions: a policy and a value function learn side by side.

Both losses are recorded on one tape, which is persistent because it is asked twice.
"""

import tensorflow as tf

tf.random.set_seed(13)


def dense(inputs, outputs):
    return tf.Variable(tf.random.normal([inputs, outputs], stddev=0.2))


def apply(variables, gradients, learning_rate):
    for variable, gradient in zip(variables, gradients):
        variable.assign_sub(learning_rate * gradient)


def actor_loss(logits, actions, advantages):
    chosen = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=actions, logits=logits)
    return tf.reduce_mean(chosen * tf.stop_gradient(advantages))


def critic_loss(values, returns):
    return tf.reduce_mean(tf.square(returns - values))


def update(actor, critic, states, actions, returns):
    with tf.GradientTape(persistent=True) as tape:
        logits = tf.matmul(states, actor)
        values = tf.squeeze(tf.matmul(states, critic), axis=-1)
        policy_loss = actor_loss(logits, actions, returns - values)
        value_loss = critic_loss(values, returns)
    actor_gradients = tape.gradient(policy_loss, [actor])
    critic_gradients = tape.gradient(value_loss, [critic])
    del tape
    apply([actor], actor_gradients, learning_rate=0.01)
    apply([critic], critic_gradients, learning_rate=0.05)
    return policy_loss, value_loss


if __name__ == "__main__":
    actor, critic = dense(6, 3), dense(6, 1)
    states = tf.random.normal([20, 6])
    actions = tf.random.uniform([20], maxval=3, dtype=tf.int32)
    returns = tf.random.normal([20])
    for iteration in range(3):
        policy_loss, value_loss = update(actor, critic, states, actions, returns)
        print(f"iteration {iteration}: policy {float(policy_loss):.4f}, value {float(value_loss):.4f}")
