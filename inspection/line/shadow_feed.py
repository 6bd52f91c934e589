"""The line's hand-over to the shadow: one part at a time, after its verdict, when it is asked for.

The shadow asks; who does not ask gets nothing, and costs the line two looks at a flag for a part.
"""

import logging
import os
import selectors
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from camera.frame import Frame
from inspection.line.shadow_wire import WANTS_ONE, ChampionWord, OfferedPart, listen, pack
from inspection.records.record import LedgerEntry, PartRecord

log = logging.getLogger("passline.shadow")


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    record: PartRecord
    frames: Mapping[str, Frame]
    kept: bool
    passed_over: int


class ShadowFeed:
    """Hands judged parts to the shadow's process, if there is one and it is ready.

    `claim` is the line's, before the record is on disk; `give` follows once the verdict is
    signalled. Copying and sending is done by a thread of its own, mostly without Python's lock.
    Nothing here waits for the shadow: a message that finds no room, and one to a process that has
    died, is dropped. Faults never reach the line.
    """

    def __init__(self, folder: Path) -> None:
        self._wanted = False
        self._claimed = False
        self._passed_over = 0
        self._before_claimed = 0
        self._job: _Job | None = None
        self._ending = False
        self._connection: socket.socket | None = None
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._selector = selectors.DefaultSelector()
        self._waiting: socket.socket | None = None
        try:
            self._waiting = listen(folder)
        except OSError as fault:
            log.warning("%s: no shadow can judge beside this line: %s", folder, fault)
        self._thread = threading.Thread(target=self._run, name="shadow", daemon=True)
        self._thread.start()

    def claim(self, record: PartRecord) -> bool:
        """Whether the shadow takes this part: then its frames are to be held, and given.

        Only parts with a picture in time of every view are offered.
        """
        if self._connection is None or record.ledger is not LedgerEntry.JUDGED:
            return False
        if not self._wanted or self._claimed:
            self._passed_over += 1
            return False
        self._wanted, self._claimed = False, True
        self._before_claimed, self._passed_over = self._passed_over, 0
        return True

    def give(self, record: PartRecord, frames: Mapping[str, Frame], kept: bool) -> None:
        """Hand a claimed part over; its frames are given back once they are copied.

        To be called when the verdict has been signalled, from any thread.
        kept: whether the records keep its pictures.
        """
        self._job = _Job(record, frames, kept, self._before_claimed)
        os.eventfd_write(self._wake, 1)

    def close(self) -> None:
        """End the thread and the connection."""
        self._ending = True
        os.eventfd_write(self._wake, 1)
        self._thread.join()
        self._selector.close()
        if self._waiting is not None:
            self._waiting.close()
        os.close(self._wake)

    def _run(self) -> None:
        self._selector.register(self._wake, selectors.EVENT_READ, self._work)
        if self._waiting is not None:
            self._selector.register(self._waiting, selectors.EVENT_READ, self._accept)
        while not self._ending:
            for key, _ in self._selector.select():
                key.data()
        self._work()
        self._drop_connection()

    def _accept(self) -> None:
        """A shadow has come; one that was there before is gone, or about to be."""
        assert self._waiting is not None
        try:
            connection, _ = self._waiting.accept()
        except OSError:
            return
        self._drop_connection()
        connection.setblocking(False)
        self._passed_over = 0
        self._connection = connection
        self._selector.register(connection, selectors.EVENT_READ, self._hear)

    def _hear(self) -> None:
        connection = self._connection
        if connection is None:
            return
        try:
            asked = connection.recv(len(WANTS_ONE))
        except OSError:
            asked = b""
        if asked == WANTS_ONE:
            self._wanted = True
        else:
            self._drop_connection()

    def _work(self) -> None:
        try:
            os.eventfd_read(self._wake)
        except BlockingIOError:
            return
        job, self._job = self._job, None
        if job is None:
            return
        try:
            self._send(job)
        except OSError as fault:
            log.info("%s did not reach the shadow: %s", job.record.serial, fault)
            self._drop_connection()
        finally:
            for frame in job.frames.values():
                frame.give_back()
            self._claimed = False

    def _send(self, job: _Job) -> None:
        connection, judgement = self._connection, job.record.judgement
        if connection is None or judgement is None:
            return
        self._wanted = False  # also of one that came, and asked, after this part was claimed
        outcome, score = job.record.verdict.outcome, job.record.score
        part = OfferedPart(
            part_number=job.record.part_number,
            serial=job.record.serial,
            run_id=job.record.run_id,
            champion=ChampionWord(judgement.bundle_label, judgement.bundle_digest, outcome, score),
            frames=job.frames,
            templates=_templates(job.record),
            kept=job.kept,
            passed_over=job.passed_over,
        )
        message, memory = pack(part)
        try:
            if all(frame.intact() for frame in job.frames.values()):
                socket.send_fds(connection, [message], [memory])
            else:
                self._wanted = True
        finally:
            os.close(memory)

    def _drop_connection(self) -> None:
        connection, self._connection, self._wanted = self._connection, None, False
        if connection is not None:
            self._selector.unregister(connection)
            connection.close()


def _templates(record: PartRecord) -> dict[str, str]:
    """The hashes of the golden templates that a part was judged by, by view."""
    return {
        view.view: view.limits.template
        for view in record.views
        if view.limits is not None and view.limits.template is not None
    }
