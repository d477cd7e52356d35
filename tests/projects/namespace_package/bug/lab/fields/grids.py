import lab.fields.heat as heat


def spacing(x):
    return 1.0 / heat.count(x)
