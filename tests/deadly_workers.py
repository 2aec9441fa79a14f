"""Workers of a cluster that die or fail; a module of its own, since other processes import it by its name."""

import os
import signal
from pathlib import Path

import core
from core.studies.cluster import Worker


class KilledOnce(Worker):
    """Its process is killed at the fifth picture, the first time that one comes there. It notes where it listens."""

    def judge(self, places):
        import ray

        home = Path(os.environ["HEATCHECK_HOME"])
        (home / "address").write_text(ray.util.get_node_ip_address())
        if 4 in places and not (home / "killed").exists():
            (home / "killed").write_text("")
            os.kill(os.getpid(), signal.SIGKILL)
        return super().judge(places)


class KilledAlways(Worker):
    """The second picture kills it each time."""

    def judge(self, places):
        if 1 in places:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().judge(places)


class Failing(Worker):
    """It cannot load its model."""

    def begin(self, assignment):
        raise core.ModelError(f"{assignment.model} is not here.")
