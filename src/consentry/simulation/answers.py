"""An owner's sealed yes: one ask, one use, one exact window."""

from datetime import datetime, timedelta
from typing import Final

from consentry.consent import AnswerTerms, AskRecord, Span

LIVE_FOR: Final = timedelta(minutes=30)


def answer_for(record: AskRecord, now: datetime) -> AnswerTerms:
    start = now.replace(microsecond=0)
    end = start + LIVE_FOR
    return AnswerTerms(
        ask_id=record.id,
        agency_id=record.party_id,
        use=record.use,
        purpose=record.purpose,
        window=record.window or Span(start=start, end=end),
        not_after=end,
    )
