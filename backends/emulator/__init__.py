"""An ELF on an emulated Cortex-M7: outputs, instruction counts, and what memory was touched."""
