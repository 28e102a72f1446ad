"""What takes long in the action service, while others want their turn."""
import os
import signal
import types
import unittest

from test_visitor import load


class Turns(unittest.TestCase):
    def setUp(self):
        self.module = load()
        self.loop = self.module.Loop()
        self.others = 0
        self.loop.after(0, self.another)

    def another(self):
        """An event like any other, again and again."""
        self.others += 1
        self.again = self.loop.after(0.001, self.another)

    def run_until(self, condition):
        while not condition():
            self.loop.step(False)

    def test_a_search_goes_on_for_a_moment_at_a_time(self):
        def search():
            for _ in range(10_000_000):
                if self.others >= 5:
                    return "call", True
                yield
            return None, True
        found = []
        self.module.slowly(self.loop, search(), lambda *what: found.append(what))
        self.run_until(lambda: found)
        self.assertEqual([("call", True)], found)

    def test_a_search_that_is_over_at_once_needs_no_other_turn(self):
        def search():
            return None, False
            yield
        found = []
        self.module.slowly(self.loop, search(), lambda *what: found.append(what))
        self.assertEqual([(None, False)], found)

    def service(self, refusals):
        """A service in which so many starts find no room."""
        module, attempts = self.module, []

        def start(peer, p):
            attempts.append(p)
            if len(attempts) <= refusals:
                raise module.Crowded("too-many-processes", "no room")
            return "call"
        service = types.SimpleNamespace(
            loop=self.loop, calls={}, starting={}, running=0, max_calls=9, ending=False, purged_until=None, start=start, clear=lambda: None, attempts=attempts)
        for method in ("invoke", "start_again", "give_up"):
            setattr(service, method, getattr(module.Service, method).__get__(service))
        return service

    def test_output_puts_off_the_end_of_an_idle_call(self):
        module, time, stopped = self.module, [100.0], []
        module.now = lambda: time[0]
        loop, (read, write) = module.Loop(), os.pipe()
        self.addCleanup(os.close, read)
        self.addCleanup(os.close, write)
        call = object.__new__(module.Call)
        call.service, call.timers, call.pipes, call.grace, call.last_output = types.SimpleNamespace(loop=loop), {}, {"stdout": read}, 5, time[0]
        call.record, call.stop = lambda *_: None, lambda *how: stopped.append(how)
        call.watch_idle(4)
        for _ in range(5):
            time[0] += 3
            loop.step(True)
            os.write(write, b"x")
            self.assertTrue(call.readable("stdout"))
        time[0] += 3.9
        loop.step(True)
        self.assertEqual([], stopped)
        time[0] += 0.1
        loop.step(True)
        self.assertEqual([("idle-timeout", 5)], stopped)

    def test_what_does_not_die_at_once_is_killed_again_also_when_the_machine_stood_still(self):
        module, time, killed, ended = self.module, [100.0], [], []
        module.now, module.groups, module.send_signals = lambda: time[0], lambda *_: {7}, lambda groups, *numbers: killed.append(numbers)
        call = object.__new__(module.Call)
        call.service, call.timers, call.pid, call.id = types.SimpleNamespace(loop=module.Loop()), {}, 7, "c"
        call.ended = call.swept = False
        call.status, call.kills, call.kill_at, call.settle = 0, 0, time[0], lambda: ended.append(len(killed))
        call.sweep()
        time[0] += 5
        for _ in range(module.KILLS + 5):
            call.service.loop.step(True)
            time[0] += 0.021
        self.assertEqual([module.KILLS + 1], ended)
        self.assertEqual({(signal.SIGKILL,)}, set(killed))

    def test_a_start_that_needs_room_is_tried_again_while_others_have_their_turn(self):
        service, told = self.service(5), []
        self.assertIsNone(service.invoke("peer", {"call": "c"}, lambda *what: told.append(what)))
        with self.assertRaisesRegex(self.module.Refused, "known already"):
            service.invoke("peer", {"call": "c"}, None)
        self.run_until(lambda: told)
        self.assertEqual([("call", None)], told)
        self.assertEqual(6, len(service.attempts))
        self.assertEqual({}, service.starting)
        self.assertGreater(self.others, 0)

    def test_without_room_in_the_end_it_is_refused(self):
        service, told = self.service(1000), []
        service.invoke("peer", {"call": "c"}, lambda *what: told.append(what))
        self.run_until(lambda: told)
        self.assertEqual("too-many-processes", told[0][1].error["data"]["type"])
        self.assertEqual(self.module.CLEARINGS + 2, len(service.attempts))

    def test_who_does_not_wait_any_more_gets_nothing_started(self):
        service = self.service(1)
        service.invoke("peer", {"call": "c"}, lambda *what: self.fail("told"))
        service.give_up("peer")
        before = self.others
        self.run_until(lambda: self.others > before + 30)
        self.assertEqual(1, len(service.attempts))


if __name__ == "__main__":
    unittest.main()
