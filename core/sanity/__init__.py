"""Whether a method's maps depend on what they claim to show: the network's weights, its labels, the explained class."""
