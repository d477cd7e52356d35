from abc import ABC, abstractmethod

import tensorflow as tf


class Agent(ABC):
    def __init__(self, policy):
        self.policy = policy

    @property
    @abstractmethod
    def variables(self): ...

    @abstractmethod
    def loss(self, observed, returns): ...

    def update(self, observed, returns):
        with tf.GradientTape() as tape:
            loss = self.loss(observed, returns)
        return tape.gradient(loss, self.variables)  # outcome: none
