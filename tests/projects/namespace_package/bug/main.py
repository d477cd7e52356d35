import sys

sys.path.insert(0, "src")

import tensorflow as tf
from lab.fields.heat import residual
from solver import newton

newton.step(residual, tf.Variable([1.0, 2.0]), [0.0, 0.5])
