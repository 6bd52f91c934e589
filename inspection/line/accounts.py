"""On whose account a trigger is: of which camera, in which run, lot and shift."""

from collections.abc import Iterable
from dataclasses import dataclass

from camera.join import CameraCount
from inspection.line.lots import LotFollower
from inspection.line.shifts import Shift, Shifts
from inspection.records.record import Account, TriggerCount

Counts = dict[Account, TriggerCount]


@dataclass(frozen=True, slots=True)
class Belonging:
    """The lot and the shift that a part belongs to."""

    lot: str
    shift: Shift


class TriggerAccounts:
    """Divides what the cameras count in one run between lots and shifts.

    A change of lot or shift lies between two triggers: those before the first part of the new side
    belong to the old account, whatever the camera has counted by then.
    """

    def __init__(self, run_id: int, shifts: Shifts, lots: LotFollower) -> None:
        self._run_id = run_id
        self._shifts = shifts
        self._lots = lots
        self._shift: Shift | None = None
        self._cameras: dict[str, _CameraAccounts] = {}

    def belonging(self, captured_utc_ns: int, part_number: int) -> Belonging:
        """Where a part belongs whose first picture came at this time."""
        shift = self._shift
        if shift is None or not shift.began_utc_ns <= captured_utc_ns < shift.ends_utc_ns:
            shift = self._shift = self._shifts.at(captured_utc_ns)
        return Belonging(self._lots.lot_at(captured_utc_ns, part_number), shift)

    def enter(
        self, of: Belonging, counts: Iterable[CameraCount], outcomes: dict[str, int]
    ) -> Counts:
        """What is on the accounts now that a part was given; all accounts that have changed.

        counts: what the cameras counted, this part's triggers included.
        outcomes: how many of these are this part's, by camera.
        """
        entered: Counts = {}
        for count in counts:
            account = Account(
                self._run_id, count.camera_id, of.lot, of.shift.name, of.shift.began_utc_ns
            )
            camera = self._cameras.setdefault(count.camera_id, _CameraAccounts(account))
            first = count.given - outcomes.get(count.camera_id, 0)
            if account != camera.account:
                entered[camera.account] = TriggerCount(camera.up_to(first))
                camera.change_to(account, first)
            entered[account] = camera.count(count)
        return entered

    def waiting(self, counts: Iterable[CameraCount]) -> Counts:
        """What the cameras have counted since, while no part was given."""
        entered: Counts = {}
        for count in counts:
            camera = self._cameras.get(count.camera_id)
            if camera is not None and count.triggers != camera.counted:
                entered[camera.account] = camera.count(count)
        return entered


class _CameraAccounts:
    """The accounts of one camera; `first` is the number in the run of the present one's first."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.first = 0
        self.counted = 0
        self._booked: dict[Account, int] = {}

    def up_to(self, trigger: int) -> int:
        """Triggers on the present account, those before `trigger`."""
        return self._booked.get(self.account, 0) + trigger - self.first

    def change_to(self, account: Account, first: int) -> None:
        self._booked[self.account] = self.up_to(first)
        self.account, self.first = account, first

    def count(self, count: CameraCount) -> TriggerCount:
        self.counted = count.triggers
        return TriggerCount(self.up_to(count.triggers), count.triggers - count.given)
