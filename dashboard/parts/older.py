"""What is shown and was made of other choices than those that stand beside it now."""

from dataclasses import asdict

import streamlit as st

from dashboard.parts.run_panel import Shown
from dashboard.requests import Judging, in_words, listed, otherwise


def tell_older(job: Shown, asked: Judging | None, these: str, button: str, others: str = "methods") -> bool:
    """Why it failed, or what changed since; whether that makes it wrong.

    Parameters
    ----------
    these
        What is shown, with its verb: "These maps are".
    button
        What makes it anew.
    others
        What a person may choose otherwise that makes nothing wrong.
    """
    if job.state()["state"] == "failed":
        st.error(f"{job.state()['error']} Change a setting and press {button} to try again.")
    changed = otherwise(job.asked, asdict(asked)) if asked else set()
    differing = in_words(changed - ({"target"} if changed & {"model", "picture"} else set()))
    if differing:
        st.info(f"{these} older than your choices: the {listed(differing)} changed since. Press {button}.")
    elif changed & {"methods", "metrics"}:
        st.caption(f"You chose other {others} since. Press {button} to see them.")
    return bool(differing)
