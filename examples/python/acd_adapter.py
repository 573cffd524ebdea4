"""The client side of an adapter session: numbers, acknowledges, resumes, reconnects.

`Session.events()` yields what acdd says and keeps the session open; `Session.send()` reports what
happens in the PBX, from any thread. The protocol is described in `docs/protocol.md`.
"""

import random
import secrets
import threading
import time
from collections import deque

import grpc
from acd.v1 import adapter_pb2 as pb
from acd.v1 import adapter_pb2_grpc as rpc

WELCOME_WITHIN = 10.0
BACK_OFF_FIRST = 0.1
BACK_OFF_MOST = 5.0
# A report that is written later than this says how long its caller has been waiting meanwhile.
LATE_AFTER = 0.1
# acdd reads no longer messages; what is added to a report when it is written takes some of it.
MESSAGE_BYTES_MAX = 64 * 1024
ADDED_BYTES_MAX = 64
# The same Hello would be refused again, or another session has our place.
FINAL = {
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.UNIMPLEMENTED,
}


class Session:
    """One session. `servers` are tried in turn: `["127.0.0.1:7170"]`."""

    def __init__(self, servers, adapter, domain="", software="acd_adapter.py"):
        self._servers = deque(host_and_port(server) for server in servers)
        self._hello = pb.Hello(
            domain=domain,
            adapter=adapter,
            software=software,
            # Stands for this process: acdd knows by it what it has heard already.
            incarnation=secrets.randbits(63) + 1,
        )
        self._changed = threading.Condition()
        self._closing = False
        # Up: what acdd has not acknowledged, as (number, sent at, message), and what is next.
        self._unacknowledged = deque()
        self._next_number = 1
        # Down: the highest epoch seen, and the latest order of it that was taken.
        self._epoch = 0
        self._taken = 0
        # The present stream; earlier ones write nothing more.
        self._stream = 0
        self._written = 0
        self._welcome = None

    def send(self, **body):
        """Reports something, exactly once in effect: `send(call_ended=pb.CallEnded(...))`.

        Returns its number, which `rejected` orders name. Raises `ValueError` if it is too large.
        """
        message = pb.AdapterMessage(**body)
        if message.ByteSize() + ADDED_BYTES_MAX > MESSAGE_BYTES_MAX:
            raise ValueError(
                f"the report is {message.ByteSize()} bytes long, at most "
                f"{MESSAGE_BYTES_MAX - ADDED_BYTES_MAX} are allowed"
            )
        with self._changed:
            number = message.number = self._next_number
            self._next_number += 1
            self._unacknowledged.append((number, time.monotonic(), message))
            self._changed.notify_all()
            return number

    def resync(self, calls, legs=()):
        """Answers a `welcome` that is not resumed: all that the PBX holds, and nothing else.

        `calls` are `CallOffered`, oldest first, with their whole wait; `legs` are `ResyncLeg`.
        Returns the numbers of the calls, in their order, as `send` does.
        """
        resync = self._welcome.resync
        numbers = [
            self.send(resync_call=pb.ResyncCall(call=call, resync=resync)) for call in calls
        ]
        for leg in legs:
            leg.resync = resync
            self.send(resync_leg=leg)
        self.send(resync_done=pb.ResyncDone(resync=resync))
        return numbers

    def close(self, within=5.0):
        """Ends the session once all that was sent is durable; true if it is."""
        with self._changed:
            done = self._changed.wait_for(lambda: not self._unacknowledged, timeout=within)
            self._closing = True
            self._changed.notify_all()
            return done

    def events(self):
        """Yields (epoch, kind, message) for ever: `(7, "offer", Offer(...))`.

        An order is acknowledged when the next one is asked for. `welcome` comes after each
        connection, `disconnected` with a text after each that was lost. Raises `grpc.RpcError`
        when trying again is pointless.
        """
        failures = 0
        while not self._closing:
            try:
                for event in self._one_stream(self._servers[0]):
                    failures = 0
                    yield event
                reason = "the daemon ended the stream"
            except grpc.RpcError as error:
                if error.code() in FINAL:
                    raise
                reason = f"{error.details()} ({error.code().name})"
            if self._closing:
                return
            yield self._epoch, "disconnected", reason
            self._servers.rotate(-1)
            # Spread, so that many adapters don't come back in one instant.
            time.sleep(random.uniform(0, min(BACK_OFF_FIRST * 2**failures, BACK_OFF_MOST)))
            failures = min(failures + 1, 10)

    def _one_stream(self, server):
        options = [("grpc.keepalive_time_ms", 5_000), ("grpc.keepalive_timeout_ms", 5_000)]
        with grpc.insecure_channel(server, options=options) as channel:
            with self._changed:
                self._stream += 1
                self._welcome = None
                stream = self._stream
            orders = rpc.AdapterServiceStub(channel).Session(self._outgoing(stream))
            try:
                for order in orders:
                    yield from self._take_in(order)
            finally:
                with self._changed:
                    self._stream += 1
                    self._changed.notify_all()
                orders.cancel()

    def _take_in(self, order):
        kind = order.WhichOneof("body")
        with self._changed:
            if order.epoch < self._epoch:
                return
            if kind == "welcome":
                self._welcomed(order.epoch, order.welcome)
            elif order.number and order.number <= self._taken:
                return
            self._forget(order.ack if kind != "welcome" else order.welcome.received)
            self._changed.notify_all()
        if kind not in ("acknowledged", None):
            yield order.epoch, kind, getattr(order, kind)
        if order.number:
            with self._changed:
                self._taken = order.number
                self._changed.notify_all()

    def _welcomed(self, epoch, welcome):
        self._epoch = epoch
        if not welcome.resumed:
            self._taken = 0
        self._written = welcome.received
        self._welcome = welcome

    def _forget(self, received):
        while self._unacknowledged and self._unacknowledged[0][0] <= received:
            self._unacknowledged.popleft()

    def _outgoing(self, stream):
        with self._changed:
            hello = pb.Hello()
            hello.CopyFrom(self._hello)
            hello.epoch, hello.ack = self._epoch, self._taken
        yield pb.AdapterMessage(hello=hello)
        told = 0
        while True:
            with self._changed:
                welcome = self._welcome
                every = welcome.heartbeat_every.ToTimedelta().total_seconds() if welcome else None

                def has_news():
                    if self._stream != stream or self._closing:
                        return True
                    return self._welcome is not None and (
                        self._welcome is not welcome
                        or self._unwritten() is not None
                        or self._taken != told
                    )

                self._changed.wait_for(has_news, timeout=every or WELCOME_WITHIN)
                if self._stream != stream or self._closing or self._welcome is None:
                    return
                message = self._unwritten() or pb.AdapterMessage(heartbeat=pb.Heartbeat())
                self._written = message.number or self._written
                message.ack = told = self._taken
            yield message

    def _unwritten(self):
        if not self._unacknowledged:
            return None
        # Numbers have no gaps.
        index = max(0, self._written + 1 - self._unacknowledged[0][0])
        if index >= len(self._unacknowledged):
            return None
        _, since, message = self._unacknowledged[index]
        return self._with_wait(message, time.monotonic() - since)

    def _with_wait(self, message, kept):
        copy = pb.AdapterMessage()
        copy.CopyFrom(message)
        call = {"call_offered": copy.call_offered, "resync_call": copy.resync_call.call}
        call = call.get(copy.WhichOneof("body"))
        if call is not None and kept > LATE_AFTER:
            waited = call.waited.ToNanoseconds() + int(kept * self._welcome.clock_scale * 1e9)
            call.waited.FromNanoseconds(waited)
        return copy


def host_and_port(server):
    """`127.0.0.1:7170` from that, or from `http://127.0.0.1:7170`, as acdd prints it."""
    host_port = server.removeprefix("http://").rstrip("/")
    host, colon, port = host_port.rpartition(":")
    if not (host and colon and port.isdigit()) or "/" in host_port:
        raise ValueError(f"`{server}` is no address of acdd; expected 127.0.0.1:7170 or the like")
    return host_port
