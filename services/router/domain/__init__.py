"""The router's core: plain values in, plain values out."""
