"""Every write of meetings."""

from maillage.meetings.actions.attendance import (
    LeftBeforeArriving,
    NotTheTime,
    ReasonMissing,
    SheetLine,
    WrongCode,
    send_code,
    sign_for,
    sign_in,
    sign_with_code,
    take_back_presence,
    write_sheet,
)
from maillage.meetings.actions.closing import (
    EndsBeforeItStarts,
    MinutesAreFinal,
    MinutesChanged,
    MinutesEmpty,
    NotStarted,
    close,
    decide,
    drop_task,
    finish_task,
    give_task,
    save_minutes,
    template_of,
    undecide,
    validate_minutes,
)
from maillage.meetings.actions.inviting import (
    AlreadyCame,
    AlreadyInvited,
    invite_members,
    invite_person,
    invite_professionals,
    withdraw,
)
from maillage.meetings.actions.planning import (
    DOCUMENTS,
    TELL,
    InThePast,
    MoreThanRoom,
    NobodyInvited,
    NoDate,
    NoLongerOpen,
    NoticeTooShort,
    StaleMeeting,
    cancel,
    change,
    convene,
    join_document,
    notice_of,
    plan,
    remove_document,
    set_notice,
)
from maillage.meetings.actions.polling import (
    DateGone,
    DateProposed,
    PollOver,
    TooManyDates,
    answer_poll,
    choose_date,
    open_poll,
    propose,
    withdraw_option,
)
from maillage.meetings.actions.seats import TooLateToAnswer, answer

__all__ = [
    "DOCUMENTS", "TELL", "AlreadyCame", "AlreadyInvited", "DateGone", "DateProposed", "EndsBeforeItStarts",
    "InThePast", "LeftBeforeArriving", "MinutesAreFinal", "MinutesChanged", "MinutesEmpty", "MoreThanRoom",
    "NoDate", "NoLongerOpen", "NobodyInvited", "NotStarted", "NotTheTime", "NoticeTooShort", "PollOver",
    "ReasonMissing", "SheetLine", "StaleMeeting", "TooLateToAnswer", "TooManyDates", "WrongCode", "answer",
    "answer_poll", "cancel", "change", "choose_date", "close", "convene", "decide", "drop_task", "finish_task",
    "give_task", "invite_members", "invite_person", "invite_professionals", "join_document", "notice_of",
    "open_poll", "plan", "propose", "remove_document", "save_minutes", "send_code", "set_notice", "sign_for",
    "sign_in", "sign_with_code", "take_back_presence", "template_of", "undecide", "validate_minutes", "withdraw",
    "withdraw_option", "write_sheet",
]  # fmt: skip
