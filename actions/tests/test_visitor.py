"""A reader that goes while output waits for it."""

import importlib.machinery
import importlib.util
import os
import pathlib
import select
import socket
import sys
import tempfile
import types
import unittest

SERVICE = pathlib.Path(__file__).parent.parent / "base" / "action-service"


def load():
    loader = importlib.machinery.SourceFileLoader("action_service", str(SERVICE))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("action_service", loader))
    keep, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    loader.exec_module(module)
    sys.dont_write_bytecode = keep
    return module


class Visitors(unittest.TestCase):
    def test_what_waits_for_one_who_is_gone_is_not_written_to_the_next_owner_of_the_descriptor(self):
        module = load()
        service = types.SimpleNamespace(loop=module.Loop(), visitors=set(), dirty=set(), give_up=lambda peer: None)
        here, there = socket.socketpair()
        visitor = module.Visitor(service, here)
        visitor.rest = memoryview(b"output of a call")
        visitor.closing = True
        service.dirty.add(visitor)
        number = visitor.fd
        there.close()
        visitor.event(select.EPOLLHUP)
        self.assertTrue(visitor.gone)
        with tempfile.TemporaryFile() as stranger:
            if stranger.fileno() != number:
                os.dup2(stranger.fileno(), number)
                self.addCleanup(os.close, number)
            visitor.pump()
            self.assertEqual(0, os.fstat(stranger.fileno()).st_size)


if __name__ == "__main__":
    unittest.main()
