"""All of identity in one transaction: what `Work` makes for each unit."""

from functools import cached_property

from consentry.audit import Journal

from .credentials import Credentials
from .directory import Directory
from .edges import EdgeBook
from .people import People
from .ports import Means, OwnerKeys, Stores
from .rules import ACCOUNT
from .sessions import OwnAccount
from .set_up import SetUp
from .sign_in import SignIn
from .tokens import Tokens


class Identity:
    """Each part is made when it is first asked for; most units need one."""

    def __init__(
        self, stores: Stores, journal: Journal, means: Means, owner_keys: OwnerKeys
    ) -> None:
        self._stores = stores
        self._journal = journal
        self._means = means
        self._owner_keys = owner_keys

    @cached_property
    def people(self) -> People:
        return People(self._stores, self._journal, self._means)

    @cached_property
    def sign_in(self) -> SignIn:
        return SignIn(self._stores, self._journal, self._means, self._owner_keys)

    @cached_property
    def account(self) -> OwnAccount:
        return OwnAccount(self._stores, self._journal, self._means, self.sign_in)

    @cached_property
    def credentials(self) -> Credentials:
        return Credentials(self._stores, self._journal, self._means)

    @cached_property
    def tokens(self) -> Tokens:
        return Tokens(self._stores, self._journal, self._means)

    @cached_property
    def edges(self) -> EdgeBook:
        return EdgeBook(self._stores, self._journal, self._means)

    @cached_property
    def set_up(self) -> SetUp:
        return SetUp(self._stores, self._journal, self._means, self.people, self.sign_in)

    @cached_property
    def directory(self) -> Directory:
        return Directory(self._stores, self._means.clock)

    def sweep(self) -> None:
        """Forget what has run out. Nothing depends on it; it keeps the tables small."""
        now = self._means.clock.now()
        self._stores.sessions.sweep(now)
        self._stores.spent.sweep(now)
        self._stores.codes.sweep(now)
        self._stores.edges.sweep(now)
        self._stores.guesses.sweep(now - ACCOUNT.forget)
