"""Something requested that is not here."""


class NotThere(Exception):
    """It is not kept (any more), or not there yet; the message says what to do."""
