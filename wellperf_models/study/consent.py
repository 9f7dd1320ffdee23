"""`[consent]`: which streams of personal data rest on consent, and what a withdrawal takes back."""

from typing import Final, Literal, Self, get_args

from pydantic import model_validator

from wellperf_models.study.base import Section

Stream = Literal["surveys", "workload", "performance", "ratings", "absences"]
PERSONAL_STREAMS: Final[tuple[str, ...]] = get_args(Stream)
"""Tables whose rows are what was observed about a person, beyond the employment itself."""


class Consent(Section):
    """`[consent]`.

    A row of a stream listed here is used only where the table `consent` holds a consent of its person that
    covers the row's time. Who has no row in that table has refused; so has whoever withdrew.

    Attributes:
        streams: Streams that rest on consent. Streams left out rest on another legal basis, and what the
            table `consent` says of them is reported only. () means: none.
        withdrawal: "all": whoever has withdrawn by the study's day is left out altogether. A withdrawal does
            not make earlier uses unlawful (GDPR Art. 7(3)), but this study is a use that begins after it, and
            without another legal basis the data have to be erased (Art. 17(1)(b)). "from_then_on": rows from
            before the withdrawal stay in; name the basis for keeping them.
    """

    streams: tuple[Stream, ...]
    withdrawal: Literal["all", "from_then_on"] = "all"

    @model_validator(mode="after")
    def _once(self) -> Self:
        if len(set(self.streams)) != len(self.streams):
            raise ValueError("streams names each stream once")
        return self
