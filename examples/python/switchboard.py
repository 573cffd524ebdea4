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

from acd.v1 import adapter_pb2 as pb
from acd_adapter import Session


class Switchboard:
    def __init__(self, session):
        self.session = session
        self.calls = {}  # call_id: (queue, since), in order of arrival
        self.rung = {}  # offer_number: epoch
        self.latest = 0

    def obey(self, command):
        match command.split():
            case ["call", queue]:
                self.latest += 1
                call_id = f"c{self.latest}"
                self.calls[call_id] = (queue, time.monotonic())
                say(f"{call_id} waits in {queue}")
                self.session.send(call_offered=pb.CallOffered(call_id=call_id, queue=queue))
            case ["answer", number] if number.isdigit() and int(number) in self.rung:
                # Not bridged yet: acdd says when.
                self.result(int(number), pb.OfferResult.RESULT_ACCEPTED)
            case ["decline", number] if number.isdigit() and int(number) in self.rung:
                self.result(int(number), pb.OfferResult.RESULT_DECLINED)
            case ["hang-up", call_id]:
                self.calls.pop(call_id, None)
                self.session.send(call_ended=pb.CallEnded(call_id=call_id))
            case _:
                say("expected call QUEUE, answer OFFER, decline OFFER or hang-up CALL")

    def result(self, number, result):
        epoch = self.rung[number]
        report = pb.OfferResult(offer_number=number, offer_epoch=epoch, result=result)
        self.session.send(offer_result=report)

    def take_in(self, epoch, kind, message):
        match kind:
            case "welcome" if not message.resumed:
                # acdd or this program is new to the other: say what there is. No leg survives.
                self.rung.clear()
                held = list(self.calls.items())
                say(f"connected, with {len(held)} calls")
                self.session.resync([offered(call_id, *call) for call_id, call in held])
            case "offer":
                self.rung[message.offer_number] = epoch
                say(f"offer {message.offer_number}: ring {message.agent} for {message.call.call_id}")
                self.result(message.offer_number, pb.OfferResult.RESULT_RINGING)
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
            case "rejected":
                say(f"refused: {message.message} ({message.code})")
            case "disconnected":
                say(f"disconnected: {message}")


def offered(call_id, queue, since):
    call = pb.CallOffered(call_id=call_id, queue=queue)
    call.waited.FromNanoseconds(int((time.monotonic() - since) * 1e9))
    return call


def say(text):
    print(text, flush=True)


def main():
    session = Session(sys.argv[1:] or ["127.0.0.1:7170"], adapter="switchboard")
    board = Switchboard(session)

    def serve():
        for command in sys.stdin:
            board.obey(command)
        session.close()

    threading.Thread(target=serve, daemon=True).start()
    for epoch, kind, message in session.events():
        board.take_in(epoch, kind, message)


if __name__ == "__main__":
    main()
