"""The run against the lists of TRIPOD+AI and PROBAST+AI, and the model's card."""
