"""TorchScript archives: inspected, then stepped operator by operator."""
