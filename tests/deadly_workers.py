"""Workers of a cluster that die or fail; a module of its own, since other processes import it by its name."""

import os
import signal
from pathlib import Path

import core
from core.studies.cluster import Worker


class Killed(Worker):
    """The second picture kills its process each time, and the fifth the first time. It notes where it listens."""

    def judge(self, places):
        import ray

        home = Path(os.environ["HEATCHECK_HOME"])
        (home / "address").write_text(ray.util.get_node_ip_address())
        first = 4 in places and not (home / "killed").exists()
        if first:
            (home / "killed").write_text("")
        if first or 1 in places:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().judge(places)


class Failing(Worker):
    """It cannot load its model."""

    def begin(self, assignment):
        raise core.ModelError(f"{assignment.model} is not here.")
