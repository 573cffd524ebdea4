"""The switchboards against a real acdd: `tests/examples/run` sets up what they need."""

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

BINARIES = os.environ["ACDD_BINARIES"]
EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../examples")
CONFIG = """
[skills]
billing = {}
[queues.billing]
require = { billing = 1 }
wrap_up = "0s"
[agents.ana]
skills = { billing = 5 }
[agents.ben]
skills = { billing = 3 }
"""
PATIENCE = 20.0


class Program:
    """A process whose lines are awaited."""

    def __init__(self, *command):
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, bufsize=1)
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip())

    def says(self, start):
        """The next line that begins so; others are passed over."""
        until = time.monotonic() + PATIENCE
        while True:
            line = self.lines.get(timeout=max(0.0, until - time.monotonic()))
            if line.startswith(start):
                return line

    def type(self, line):
        self.process.stdin.write(line + "\n")

    def kill(self):
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            stream.close()


class Tests:
    """What every switchboard does."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        with open(f"{self.folder}/acdd.toml", "w", encoding="utf-8") as config:
            config.write(CONFIG)
        self.acdd = self.start_acdd("127.0.0.1:0")
        self.board = self.start_board()
        self.board.says("connected, with 0 calls")

    def start_board(self):
        board = Program(*self.command())
        self.addCleanup(board.kill)
        return board

    def start_acdd(self, listen):
        acdd = Program(
            *(f"{BINARIES}/acdd", "--listen", listen, "--http", "127.0.0.1:0", "--log", "warn"),
            *("--config", f"{self.folder}/acdd.toml", "--journal", f"{self.folder}/journal"),
        )
        self.addCleanup(acdd.kill)
        words = acdd.says("").split()
        self.server = next(word[5:] for word in words if word.startswith("grpc="))
        return acdd

    def acdctl(self, *arguments):
        command = [f"{BINARIES}/acdctl", "--server", f"http://{self.server}", "--json", *arguments]
        return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)

    def until_state(self, expected):
        until = time.monotonic() + PATIENCE
        while (states := [call["state"] for call in self.acdctl("calls")]) != expected:
            self.assertLess(time.monotonic(), until, f"{states} is not {expected}")
            time.sleep(0.02)

    def test_a_call_is_offered_declined_answered_and_over(self):
        self.board.type("call billing")
        self.until_state(["waiting"])
        self.acdctl("agent", "login", "ana", "--ready")
        self.assertEqual(self.board.says("offer"), "offer 1: ring ana for c1")
        self.acdctl("agent", "login", "ben", "--ready")
        self.board.type("decline 1")
        self.board.says("offer 2: ring ben for c1")
        self.board.type("answer 2")
        self.board.says("c1 talks to ben")
        self.until_state(["connected"])
        self.board.type("hang-up c1")
        self.until_state([])

    def test_what_cannot_be_is_refused_and_disturbs_nothing(self):
        self.board.type("call laundry")
        self.assertIn("unknown_queue", self.board.says("refused"))
        self.board.type("answer 7")
        self.board.says("nobody is rung for offer 7")
        self.board.type("call billing")
        self.until_state(["waiting"])
        # What was refused is no call any more.
        self.acdd.kill()
        self.start_acdd(self.server)
        self.board.says("connected, with 1 calls")

    def test_calls_survive_an_acdd_that_is_killed_and_what_is_said_meanwhile_arrives(self):
        self.board.type("call billing")
        self.until_state(["waiting"])
        self.acdd.kill()
        self.board.says("disconnected")
        self.board.type("call billing")
        time.sleep(1.0)
        self.start_acdd(self.server)
        self.board.says("connected, with 2 calls")
        self.until_state(["waiting", "waiting"])
        ages = [call["age_seconds"] for call in self.acdctl("calls")]
        self.assertGreaterEqual(min(ages), 1.0, "the wait goes on")

    def test_end_of_input_ends_the_session_when_all_has_arrived(self):
        self.board.type("call billing")
        self.board.process.stdin.close()
        self.board.process.wait(timeout=PATIENCE)
        self.assertEqual(self.board.process.returncode, 0)
        self.until_state(["waiting"])


class PythonTest(Tests, unittest.TestCase):
    def command(self):
        # As acdd prints it, and as gRPC wants it.
        return sys.executable, f"{EXAMPLES}/python/switchboard.py", f"http://{self.server}"

    def test_what_acdd_could_not_read_is_refused_before_it_is_sent(self):
        self.board.type("call " + "x" * 70_000)
        self.assertIn("at most 65472 are allowed", self.board.says("cannot"))
        self.board.type("call billing")
        self.until_state(["waiting"])

    def test_an_interrupt_ends_it_without_ado(self):
        self.board.process.send_signal(signal.SIGINT)
        self.assertEqual(self.board.process.wait(timeout=PATIENCE), 130)

    def test_an_address_that_cannot_be_one_is_named(self):
        command = [sys.executable, f"{EXAMPLES}/python/switchboard.py", "acdd.example"]
        ended = subprocess.run(command, capture_output=True, text=True)
        self.assertEqual(ended.returncode, 1)
        self.assertIn("`acdd.example` is no address", ended.stderr)


class RustTest(Tests, unittest.TestCase):
    def command(self):
        switchboard = f"{BINARIES}/examples/switchboard"
        return switchboard, f"http://{self.server}", f"{self.folder}/calls"

    def test_calls_survive_a_switchboard_that_is_killed(self):
        self.board.type("call billing")
        self.until_state(["waiting"])
        self.board.kill()
        time.sleep(1.0)
        self.board = self.start_board()
        self.board.says("connected, with 1 calls")
        self.board.type("hang-up c1")
        self.until_state([])


if __name__ == "__main__":
    unittest.main(verbosity=2)
