"""Speed against the network itself and against peers: ``make bench``."""

from core.environment import restart_unless_set

if __name__ == "__main__":
    restart_unless_set()
    from report import main

    main()
