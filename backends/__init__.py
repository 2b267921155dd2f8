"""From a placed graph to something that runs: C, the host, the emulated chip."""
