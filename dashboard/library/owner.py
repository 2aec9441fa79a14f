"""Who owns what: one name per browser, the same in all its tabs and on later days.

Pictures, folders and jobs open for everybody who has a link to them, since their names are random; only their owner
finds them in a list, and can remove them. A network that a person trained can be chosen by its owner only: a link that
names it opens with the default model for anybody else. Results made with it open by their own links, like all jobs.
"""

import hashlib
import re
import uuid

import streamlit as st

COOKIE = "heatcheck"
SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
"""32 random bytes in base64, as :class:`dashboard.owner_cookie.OwnerCookie` sets them."""


def owner() -> str:
    """The name of who looks at the page; one of this session alone, where the browser keeps no cookies.

    To be called where a script runs, or a callback of it.
    """
    if "owner" not in st.session_state:
        secret = str(st.context.cookies.get(COOKIE, ""))  # AppTest has a mock in its place
        st.session_state["owner"] = name_of(secret) if SECRET.fullmatch(secret) else uuid.uuid4().hex
    return str(st.session_state["owner"])


def name_of(secret: str) -> str:
    """What a cookie's value makes of its owner: whoever reads it, on the disk say, can't take the owner's place."""
    return hashlib.sha256(f"owner {secret}".encode()).hexdigest()[:32]
