"""What might have been in a hidden region; every file here is imported, so that its priors are in the registry."""

from core.discovery import import_files

# Priors are listed in this order.
import_files(__name__, __path__, first=["donors", "flow", "exemplars"])
