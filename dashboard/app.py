"""Navigation, and nothing else."""

from pathlib import Path

import streamlit as st

st.set_page_config(page_title="HeatCheck", layout="wide", initial_sidebar_state=340)
st.html(Path(__file__).parent / "parts" / "browser" / "page.css")
pages = [
    st.Page("views/explain.py", title="Explain", default=True),
    st.Page("views/stamp.py", title="Stamp", url_path="stamp"),
    st.Page("views/sanity.py", title="Sanity", url_path="sanity"),
]
st.navigation(pages, position="top").run()
