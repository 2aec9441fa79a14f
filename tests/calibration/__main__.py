"""How often a verdict on one picture is wrong, and how often it finds what is there: ``make calibrate``."""

from core.environment import restart_unless_set

if __name__ == "__main__":
    restart_unless_set()
    from calibration.report import main

    main()
