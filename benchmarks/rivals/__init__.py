"""The reference model as it is written for other libraries, and for ours; each file is one way."""
