"""Whose connection it is, by what /proc tells: a directory stands for it here, as nobody can be another user or container at will."""
import os
import pathlib
import tempfile
import types
import unittest

from test_visitor import load

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
SERVER, CLIENT = ("127.0.0.1", 7865), ("127.0.0.1", 40000)
HERE, BESIDE = "0::/\n", "0::/../beside\n"


def hexadecimal(address, port, mapped=False):
    text = "".join(reversed([f"{int(part):02X}" for part in address.split(".")]))
    return f"{'0000000000000000FFFF0000' if mapped else ''}{text}:{port:04X}"


class Proc:
    """What the service sees of /proc, and os for it."""

    def __init__(self, directory):
        self.root, self.users, self.closed, self.path = directory, {}, [], types.SimpleNamespace(exists=lambda path: os.path.exists(self.place(path)))
        (directory / "self").mkdir()
        (directory / "self/cgroup").write_text(HERE)
        (directory / "net").mkdir()
        (directory / "net/tcp").write_text(HEAD)
        (directory / "net/tcp6").write_text(HEAD)

    def place(self, path):
        return str(path).replace("/proc", str(self.root), 1)

    def open(self, path, *more):
        return open(self.place(path), *more)

    def stat(self, path):
        return types.SimpleNamespace(st_uid=self.users[pathlib.Path(path).name])

    def listdir(self, path):
        return self.closed + os.listdir(self.place(path))

    def readlink(self, path):
        return os.readlink(self.place(path))

    @staticmethod
    def getuid():
        return 0

    def connection(self, inode, user=0, mapped=False, near=CLIENT, far=SERVER):
        with open(self.root / ("net/tcp6" if mapped else "net/tcp"), "a") as file:
            file.write(f"   0: {hexadecimal(*near, mapped)} {hexadecimal(*far, mapped)} 01 00000000:00000000 00:00000000 00000000 {user:5} 0 {inode} 1 0 20 4 30 10 -1\n")

    def process(self, number, group=HERE, user=0, sockets=None, call=None, session=None):
        """sockets None: which files it has open is not to be seen."""
        directory = self.root / str(number)
        directory.mkdir()
        self.users[str(number)] = user
        (directory / "cgroup").write_text(group)
        (directory / "stat").write_text(f"{number} (a b) S 1 {number} {session or number} 0\n")
        (directory / "environ").write_text(f"A=b\0RUNGPT_CALL={call}\0" if call else "A=b\0")
        if sockets is not None:
            (directory / "fd").mkdir()
            for i, inode in enumerate(sockets):
                (directory / f"fd/{i}").symlink_to(f"socket:[{inode}]")


class Caller(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.module, self.proc = load(), Proc(pathlib.Path(directory.name))
        self.module.os, self.module.open = self.proc, self.proc.open
        self.call = types.SimpleNamespace(id="c", egress="t" * 40, only=[], ended=False)
        self.service = types.SimpleNamespace(calls={"c": self.call}, by_pid={70: self.call})

    def found(self):
        steps = self.module.caller(self.service, types.SimpleNamespace(getpeername=lambda: CLIENT, getsockname=lambda: SERVER))
        while True:
            try:
                next(steps)
            except StopIteration as end:
                return end.value

    def test_a_process_of_a_call_is_found(self):
        self.proc.connection(5)
        self.proc.process(60, sockets=[4])
        self.proc.process(71, sockets=[4, 5], session=70)
        self.assertEqual((self.call, True), self.found())

    def test_what_a_process_closes_while_it_is_looked_at_does_not_hide_the_rest(self):
        self.proc.connection(5)
        self.proc.process(71, sockets=[4, 5], session=70)
        self.proc.closed = ["99"]
        self.assertEqual((self.call, True), self.found())

    def test_who_changed_its_user_may_be_it(self):
        self.proc.connection(5, user=42)
        self.proc.process(71, user=42)
        self.assertEqual((None, False), self.found())

    def test_a_process_of_a_container_beside_it_is_no_hidden_one(self):
        self.proc.connection(5, user=999)
        self.proc.process(71, sockets=[4], session=70)
        self.proc.process(80, BESIDE, user=999)
        self.assertEqual((None, True), self.found())

    def test_where_it_may_as_well_be_one_of_a_container_beside_it_nothing_is_assumed(self):
        self.proc.connection(5, user=42)
        self.proc.process(71, user=42)
        self.proc.process(80, BESIDE, user=0)  # it may have been another user when it connected
        self.assertEqual((None, True), self.found())

    def test_what_a_process_of_a_container_beside_it_says_of_itself_does_not_count(self):
        self.proc.connection(5)
        self.proc.process(80, BESIDE, sockets=[5], call="c", session=70)
        self.assertEqual((None, True), self.found())

    def test_another_connection_from_the_same_port_is_not_meant(self):
        self.proc.connection(5, far=("127.0.0.1", 8123))
        self.proc.connection(6)
        self.proc.process(71, sockets=[5], session=70)
        self.proc.process(80, BESIDE, sockets=[6])
        self.assertEqual((None, True), self.found())

    def test_without_the_other_version_of_ip(self):
        (self.proc.root / "net/tcp6").unlink()
        self.assertEqual((None, True), self.found())
        self.proc.connection(5)
        self.proc.process(71, sockets=[5], session=70)
        self.assertEqual((self.call, True), self.found())

    def test_a_socket_for_both_versions_of_ip_is_found(self):
        self.proc.connection(5, mapped=True, far=("127.0.0.1", 8123))
        self.proc.connection(6, mapped=True)
        self.proc.process(71, sockets=[6], session=70)
        self.assertEqual((self.call, True), self.found())


if __name__ == "__main__":
    unittest.main()
