"""What takes long in the action service, while others want their turn."""
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
