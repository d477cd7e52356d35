"""The abstract machine: state, frames, and the protocols that evaluators and libraries are typed against."""
