_KNOWN = {}


def register(name):
    def note(function):
        _KNOWN[name] = function
        return function

    return note


def build(name):
    return _KNOWN[name]
