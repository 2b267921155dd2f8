"""A quantized graph becomes native code of this process."""
