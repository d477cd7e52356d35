from package import base


def scaled(owner, x):
    assert isinstance(owner, base.Base)
    return x * owner.weight
