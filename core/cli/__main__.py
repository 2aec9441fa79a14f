"""``python -m core.cli``: the command line where its script is not installed."""

import signal

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # an interrupt while the rest is imported leaves no traceback
    from core.cli.app import main

    main()
