def report(loss):
    print(f"loss {float(loss):.3f}")
