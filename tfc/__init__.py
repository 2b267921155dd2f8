"""Compile traced PyTorch models to sparse int8 C for Cortex-M7 microcontrollers."""
