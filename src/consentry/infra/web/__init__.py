"""HTTP as every feature speaks it: guarded routes, problem responses, pages of results."""

from .guard import Api, Who
from .paging import Page, page_of
from .schemas import Wire

__all__ = ["Api", "Page", "Who", "Wire", "page_of"]
