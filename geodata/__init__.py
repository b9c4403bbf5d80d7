"""The science: rasters and vectors in, plain values out."""
