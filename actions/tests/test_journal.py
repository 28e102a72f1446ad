"""What the program of the journal promises, without a container."""
import base64
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import shutil
import time
import unittest

from harness import ROOT


class JournalTest(unittest.TestCase):
    def setUp(self):
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="journal-"))
        self.addCleanup(shutil.rmtree, self.work, True)
        self.start()

    def start(self):
        self.process = subprocess.Popen([sys.executable, "-IS", str(ROOT / "base/workspace-journal"), "--workspace", str(self.work), "--lease", "60"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(self.stop, self.process)

    @staticmethod
    def stop(process):
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()

    def ask(self, method, **params):
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode() + b"\n")
        self.process.stdin.flush()
        answer = json.loads(next(line for line in self.process.stdout if line.strip()))
        if "error" in answer:
            raise RuntimeError(answer["error"]["message"])
        return answer["result"]

    def scan(self):
        answer = self.ask("scan")
        changes = answer["changes"]
        while answer["more"]:
            answer = self.ask("more")
            changes += answer["changes"]
        return {c["p"]: c.get("k", "gone") for c in changes}

    def test_only_changes_are_told(self):
        (self.work / "d").mkdir()
        (self.work / "d/a").write_text("one")
        (self.work / "l").symlink_to("/etc/passwd")
        os.mkfifo(self.work / "p")
        self.assertEqual({"d": "dir", "d/a": "file", "l": "link", "p": "other"}, self.scan())
        self.assertEqual({}, self.scan())
        (self.work / "d/a").write_text("two")  # of the same size
        self.assertEqual({"d/a": "file"}, self.scan())
        (self.work / "d/a").write_text("two")
        os.utime(self.work / "d/a", (1, 1))
        self.assertEqual({}, self.scan(), "when it was written does not matter")
        (self.work / "d/a").chmod(0o600)
        self.assertEqual({"d/a": "file"}, self.scan())
        shutil.rmtree(self.work / "d")
        self.assertEqual({"d": "gone", "d/a": "gone"}, self.scan())

    def test_a_change_that_hides_its_time_is_seen(self):
        (self.work / "a").write_text("one")
        self.scan()
        status = os.stat(self.work / "a")
        (self.work / "a").write_text("two")
        os.utime(self.work / "a", ns=(status.st_atime_ns, status.st_mtime_ns))
        self.assertEqual({"a": "file"}, self.scan())

    def test_many_changes_come_in_pages(self):
        for i in range(6000):
            (self.work / f"file-{i:05}-{'x' * 60}").write_text("")
        self.assertEqual(6000, len(self.scan()))
        begun = time.monotonic()
        self.assertEqual({}, self.scan())
        self.assertLess(time.monotonic() - begun, 1)

    def test_contents_are_read_without_following_anything(self):
        (self.work / "d").mkdir()
        (self.work / "d/a").write_bytes(b"0123456789")
        (self.work / "l").symlink_to("/etc/passwd")
        (self.work / "e").symlink_to("/etc")
        os.mkfifo(self.work / "p")
        contents = self.ask("read", paths=["d/a", "l", "e/passwd", "../x", "p", "none", "/etc/passwd"], offset=2, length=3)["contents"]
        self.assertEqual([base64.b64encode(b"234").decode()] + 6 * [None], contents)

    def test_files_are_put_back(self):
        (self.work / "new").write_text("x")
        (self.work / "dir").mkdir()
        self.ask("stage", begin=True)
        self.ask("stage", file=0, offset=0, base64=base64.b64encode(b"old ").decode())
        self.ask("stage", file=0, offset=4, base64=base64.b64encode(b"text").decode())
        owner = {"u": os.getuid(), "g": os.getgid()}
        self.ask("apply", last=True, steps=[
            {"do": "delete", "p": "new"}, {"do": "delete", "p": "dir"}, {"do": "dir", "p": "back", "m": 0o750, **owner},
            {"do": "file", "p": "back/a", "file": 0, "m": 0o640, **owner}, {"do": "link", "p": "back/l", "t": "a", **owner}])
        self.assertEqual({"back": "dir", "back/a": "file", "back/l": "link"}, self.scan())
        self.assertEqual("old text", (self.work / "back/a").read_text())
        self.assertEqual(0o640, (self.work / "back/a").stat().st_mode & 0o7777)
        self.assertEqual(["back"], os.listdir(self.work))

    def test_nothing_is_written_through_a_link(self):
        outside = pathlib.Path(tempfile.mkdtemp(prefix="outside-"))
        self.addCleanup(shutil.rmtree, outside, True)
        (self.work / "l").symlink_to(outside)
        owner = {"u": os.getuid(), "g": os.getgid()}
        for step in {"do": "dir", "p": "l/x", "m": 0o700, **owner}, {"do": "dir", "p": "../x", "m": 0o700, **owner}, {"do": "link", "p": "l/y", "t": "z", **owner}:
            with self.assertRaises(RuntimeError):
                self.ask("apply", steps=[step])
        self.assertEqual([], os.listdir(outside))

    def test_nonsense_is_answered(self):
        for method in ("dance", "read", "apply"):
            with self.assertRaises(RuntimeError):
                self.ask(method)
        self.assertEqual({}, self.ask("ping"))


if __name__ == "__main__":
    unittest.main()
