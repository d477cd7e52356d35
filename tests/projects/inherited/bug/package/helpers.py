from package import base


def scaled(owner, x):
    assert isinstance(owner, base.Base)
    return x * float(owner.weight)  # expect: TFG201
