"""A network that a person trained is theirs alone to choose, by a link too."""

import pytest
from streamlit.runtime.context import ContextProxy

from core.stamping.gate import Gate
from core.stamping.models import DEFAULT
from dashboard.library.owner import COOKIE, name_of

HERS, HIS = "a" * 43, "b" * 43


@pytest.mark.parametrize(("cookie", "opens_hers"), [(HERS, True), (HIS, False)])
def test_a_link_to_a_trained_network_opens_with_the_default_for_anybody_but_its_owner(
    cookie, opens_hers, stamp_page, own_model, monkeypatch
):
    hers = own_model(Gate(1.0, 1.0, 1.0, 200, 100), "Anna's crosses", name_of(HERS))
    monkeypatch.setattr(ContextProxy, "cookies", {COOKIE: cookie})
    page = stamp_page(model="Anna's crosses")
    assert page.selectbox(key="model").value == (hers if opens_hers else DEFAULT)
