"""Why a verdict is what it is, and what it cannot show: closed, for the verdict itself is one word."""

from collections.abc import Sequence

import streamlit as st


def explain_verdicts(criterion: str, limits: Sequence[str]) -> None:
    """The criterion of the verdicts above, and the limits of the check."""
    with st.expander("How a verdict is reached, and what it cannot show"):
        st.markdown(criterion)
        st.markdown("\n".join(f"- {limit}" for limit in limits))
