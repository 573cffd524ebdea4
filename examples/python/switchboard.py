#!/usr/bin/env python3
"""A switchboard that is served by hand: a small adapter with all that one needs.

    switchboard.py [SERVER]...

Commands: `call QUEUE`, `answer OFFER`, `decline OFFER`, `hang-up CALL`. It does the same as
`crates/acd-adapter/examples/switchboard.rs`, but keeps its calls in memory only: what an adapter
needs beyond that is a place for them which outlives it, best in the PBX.
"""

import sys
import threading
import time
from dataclasses import dataclass

import grpc
from acd.v1 import adapter_pb2 as pb
from acd_adapter import Session


@dataclass
class Call:
    """One that waits or talks."""

    call_id: str
    queue: str
    since: float
    # The number of the report that offered it: a refusal names it.
    number: int = 0

    def offered(self):
        offered = pb.CallOffered(call_id=self.call_id, queue=self.queue)
        offered.waited.FromNanoseconds(int((time.monotonic() - self.since) * 1e9))
        return offered


class Switchboard:
    def __init__(self, session):
        self.session = session
        self.calls = {}  # by call_id, in order of arrival
        self.rung = {}  # offer_number: epoch
        self.latest = 0
        # Commands and orders come from two threads.
        self.lock = threading.Lock()

    def obey(self, command):
        match command.split():
            case ["call", queue]:
                self.latest += 1
                call = Call(f"c{self.latest}", queue, time.monotonic())
                try:
                    call.number = self.session.send(call_offered=call.offered())
                except ValueError as error:
                    return say(f"cannot offer it: {error}")
                self.calls[call.call_id] = call
                say(f"{call.call_id} waits in {queue}")
            case ["answer", number]:
                # Not bridged yet: acdd says when.
                self.result(number, pb.OfferResult.RESULT_ACCEPTED)
            case ["decline", number]:
                self.result(number, pb.OfferResult.RESULT_DECLINED)
            case ["hang-up", call_id] if call_id in self.calls:
                del self.calls[call_id]
                self.session.send(call_ended=pb.CallEnded(call_id=call_id))
            case ["hang-up", call_id]:
                say(f"there is no call {call_id}")
            case _:
                say("expected call QUEUE, answer OFFER, decline OFFER or hang-up CALL")

    def result(self, offer, result):
        number = int(offer) if offer.isdecimal() else None
        if number not in self.rung:
            return say(f"nobody is rung for offer {offer}")
        report = pb.OfferResult(
            offer_number=number, offer_epoch=self.rung[number], result=result
        )
        self.session.send(offer_result=report)

    def take_in(self, epoch, kind, message):
        match kind:
            case "welcome" if not message.resumed:
                # acdd or this program is new to the other: say what there is. No leg survives.
                self.rung.clear()
                held = list(self.calls.values())
                say(f"connected, with {len(held)} calls")
                numbers = self.session.resync([call.offered() for call in held])
                for call, number in zip(held, numbers):
                    call.number = number
            case "offer":
                self.rung[message.offer_number] = epoch
                say(f"offer {message.offer_number}: ring {message.agent} for {message.call.call_id}")
                self.result(str(message.offer_number), pb.OfferResult.RESULT_RINGING)
            case "revoke":
                self.rung.pop(message.offer_number, None)
                say(f"offer {message.offer_number} is over")
            case "connect":
                self.rung.pop(message.offer_number, None)
                say(f"{message.call.call_id} talks to {message.agent}")
                bridged = pb.CallBridged(offer_number=message.offer_number, offer_epoch=epoch)
                self.session.send(call_bridged=bridged)
            case "end" | "transfer":
                self.calls.pop(message.call.call_id, None)
                say(f"{message.call.call_id} is sent away")
            case "play":
                say(f"{message.call.call_id} hears {message.announcement}")
            case "offer_callback":
                say(f"{message.call.call_id} is to be asked whether he wants to be called back")
            case "ladder":
                # Told twice it is the same: one that runs for the call already goes on.
                say(f"{message.call.call_id}: the ladder {message.ladder} is to be tried")
            case "rejected":
                say(f"refused: {message.message} ({message.code})")
                # What was a call is none for acdd: it is not said again at a resync.
                refused = message.rejected_number
                self.calls = {id: it for id, it in self.calls.items() if it.number != refused}
            case "disconnected":
                say(f"disconnected: {message}")


def say(text):
    print(text, flush=True)


def main():
    try:
        session = Session(sys.argv[1:] or ["127.0.0.1:7170"], adapter="switchboard")
    except ValueError as error:
        sys.exit(f"error: {error}")
    board = Switchboard(session)

    def serve():
        for command in sys.stdin:
            with board.lock:
                board.obey(command)
        session.close()

    threading.Thread(target=serve, daemon=True).start()
    try:
        for epoch, kind, message in session.events():
            with board.lock:
                board.take_in(epoch, kind, message)
    except grpc.RpcError as error:
        if error.code() is grpc.StatusCode.UNIMPLEMENTED:
            sys.exit("error: what answers there is no acdd, or not at its gRPC port")
        sys.exit(f"error: acdd refuses: {error.details()} ({error.code().name})")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
