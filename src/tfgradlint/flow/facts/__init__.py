"""What is known of the numbers in a graph: computed from formulas when somebody asks, by libraries of no name."""
