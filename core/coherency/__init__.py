"""Whether the metrics agree: what a study's scores say about the metrics themselves."""
