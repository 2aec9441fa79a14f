"""The dashboard: its pages."""

import streamlit as st

from dashboard.controls.navigation import navigate

st.set_page_config(page_title="HeatCheck", layout="wide", initial_sidebar_state=252)
navigate(
    {
        "explain": st.Page("views/explain.py", title="Explain", default=True),
        "stamp": st.Page("views/stamp.py", title="Stamp", url_path="stamp"),
        "sanity": st.Page("views/sanity.py", title="Sanity", url_path="sanity"),
        "retrain": st.Page("views/retrain.py", title="Retrain", url_path="retrain"),
        "reconstruct": st.Page("views/reconstruct.py", title="Reconstruct", url_path="reconstruct"),
        "coherency": st.Page("views/coherency.py", title="Coherency", url_path="coherency"),
    }
)
