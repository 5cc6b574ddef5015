from dataclasses import dataclass

# Types that no other format may be called. A sample leaves out those that it may.
WRONG = (
    *("image/png", "image/jpeg", "application/pdf", "font/woff2", "application/x-7z-compressed", "audio/flac"),
    *("video/webm", "application/zip", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
)
WRONG_FOR_BINARY = (*WRONG, "text/plain", "text/html", "application/json", "image/svg+xml")


@dataclass(frozen=True)
class Sample:
    """A file and what may be said of it.

    `types` are right headers: the first is the name under which objects with any of them are stored. `others` are right
    headers that are stored as they are. `shows` is what the content alone shows, where it is not the stored type;
    `named` says that the extension of the file's name adds what is missing. `right` are types of `WRONG` that are not
    contradicted.
    """

    name: str
    content: bytes
    types: str
    others: str = ""
    shows: str = ""
    named: bool = False
    right: str = ""
    binary: bool = True

    @property
    def stored(self) -> str:
        return self.types.split()[0]

    @property
    def shown(self) -> str:
        return self.shows or self.stored

    @property
    def extension(self) -> str:
        return self.name.rpartition(".")[2]

    @property
    def headers(self) -> dict[str, str]:
        """Each right header, and the type that is stored."""
        own = {header: header for header in self.others.split()}
        return {**dict.fromkeys(self.types.split(), self.stored), **own}

    @property
    def wrong(self) -> list[str]:
        """Headers that the content contradicts."""
        right = {*self.headers, *self.right.split()}
        return [header for header in (WRONG_FOR_BINARY if self.binary else WRONG) if header not in right]

    @property
    def truth(self) -> str:
        """The type that is stored without a header."""
        return self.stored if self.named else self.shown


def padded(start: bytes, at: int = 0, size: int = 512) -> bytes:
    """Bytes at an offset in zeros."""
    return (bytes(at) + start).ljust(size, b"\0")
