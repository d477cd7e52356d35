"""What the measured data says of a call, applied to the graph."""
