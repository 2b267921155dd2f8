"""An ELF becomes outputs and counts on an emulated Cortex-M7."""
