"""What is done with a page as a whole: its colour scheme is switched, its link copied."""

from dashboard.components.component import declare

mount = declare("components/page_tools/page_tools")


def page_tools(page: str) -> None:
    """Both in the browser, without a run of the script.

    Parameters
    ----------
    page
        Title of the page that is open.
    """
    mount(data={"page": page}, key="page tools")
