"""What kernels and models cost on the emulated chip: the grid, the measuring, and what is made of the figures."""
