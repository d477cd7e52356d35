from physics.losses import *  # noqa: F403
