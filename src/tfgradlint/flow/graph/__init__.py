"""The graph of what was computed from what: nodes, edges, effects, causes."""
