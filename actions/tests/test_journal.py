"""What the program of the journal promises, without a container."""
import base64
import json
import os
import pathlib
import re
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
        self.errors = tempfile.TemporaryFile()
        self.addCleanup(self.errors.close)
        self.process = subprocess.Popen([sys.executable, "-IS", str(ROOT / "base/workspace-journal"), "--workspace", str(self.work), "--lease", "900"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors)
        self.addCleanup(self.stop, self.process)

    @staticmethod
    def stop(process):
        process.kill()
        process.wait()
        try:
            process.stdin.close()
        except BrokenPipeError:  # what was said to it when it had ended already
            pass
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
        self.ask("stage", files=[{"file": 0, "offset": 0, "base64": base64.b64encode(b"old ").decode()}])
        self.ask("stage", files=[{"file": 0, "offset": 4, "base64": base64.b64encode(b"text").decode()}, {"file": 1, "offset": 0, "base64": ""}])
        owner = {"u": os.getuid(), "g": os.getgid()}
        self.ask("stage", steps=[
            {"do": "delete", "p": "new"}, {"do": "delete", "p": "dir"}, {"do": "dir", "p": "back", "m": 0o750, **owner},
            {"do": "file", "p": "back/a", "file": 0, "m": 0o640, **owner}, {"do": "link", "p": "back/l", "t": "a", **owner}])
        self.ask("apply")
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
            self.ask("stage", begin=True)
            self.ask("stage", steps=[step])
            with self.assertRaises(RuntimeError):
                self.ask("apply")
        self.assertEqual([], os.listdir(outside))

    def state(self):
        """What there is, with content, mode and kind."""
        return {str(p.relative_to(self.work)): (oct(p.lstat().st_mode), os.readlink(p) if p.is_symlink() else p.read_text() if p.is_file() else None)
                for p in sorted(self.work.rglob("*"))}

    def staged(self):
        """A workspace, and a revert of it of which the last step cannot be done."""
        (self.work / "gone").mkdir()
        (self.work / "gone/a").write_text("a")
        (self.work / "kept").write_text("new")
        (self.work / "kept").chmod(0o640)
        (self.work / "link").symlink_to("kept")
        (self.work / "full").mkdir()
        (self.work / "full/other").write_text("since")
        owner = {"u": os.getuid(), "g": os.getgid()}
        self.ask("stage", begin=True)
        self.ask("stage", files=[{"file": 0, "offset": 0, "base64": base64.b64encode(b"old").decode()}])
        self.ask("stage", files=[{"file": 1, "offset": 0, "base64": base64.b64encode(b"more").decode()}])
        self.ask("stage", steps=[
            {"do": "delete", "p": "gone/a"}, {"do": "delete", "p": "gone"}, {"do": "delete", "p": "link"}, {"do": "dir", "p": "d", "m": 0o755, **owner},
            {"do": "file", "p": "kept", "file": 0, "m": 0o600, **owner}, {"do": "file", "p": "d/made", "file": 1, "m": 0o600, **owner},
            {"do": "link", "p": "l", "t": "kept", **owner}, {"do": "dir", "p": "full", "m": 0o700, **owner}, {"do": "delete", "p": "full"}])

    def test_a_revert_that_fails_leaves_everything_as_it_was(self):
        self.staged()
        before = {path: entry for path, entry in self.state().items() if not path.startswith(".rungpt-revert")}
        with self.assertRaisesRegex(RuntimeError, "not empty"):
            self.ask("apply")
        self.assertEqual(before, self.state())

    def test_what_was_staged_and_given_up_is_gone(self):
        self.staged()
        self.ask("stage", end=True)
        self.assertNotIn(".rungpt-revert", os.listdir(self.work))
        with self.assertRaises(RuntimeError):
            self.ask("apply")
        self.assertTrue((self.work / "gone/a").exists())

    def test_what_a_predecessor_left_half_done_is_taken_back(self):
        (self.work / "kept").write_text("old")  # put back already
        (self.work / "made").write_text("made")
        (self.work / ".rungpt-revert").mkdir()
        (self.work / ".rungpt-revert/was-0").write_text("new")
        (self.work / ".rungpt-revert/1").write_text("staged")
        (self.work / ".rungpt-revert/undo").write_text(
            '{"p": "kept", "do": "back", "was": "was-0"}\n{"p": "made", "do": "unlink"}\n{"p": "not-yet", "do": "unlink"}\n{"p": "../x", "do"')
        self.stop(self.process)
        self.start()
        self.assertEqual({"kept": "file"}, {c["p"]: c["k"] for c in self.ask("scan", anew=True)["changes"]})
        self.assertEqual("new", (self.work / "kept").read_text())
        self.assertEqual(["kept"], os.listdir(self.work))

    def test_a_link_in_the_place_of_what_is_staged_is_not_followed(self):
        outside = pathlib.Path(tempfile.mkdtemp(prefix="outside-"))
        self.addCleanup(shutil.rmtree, outside, True)
        (outside / "undo").write_text('{"p": "kept", "do": "unlink"}\n')
        (self.work / "kept").write_text("kept")
        (self.work / ".rungpt-revert").symlink_to(outside)
        self.assertEqual({"kept": "file"}, {c["p"]: c["k"] for c in self.ask("scan", anew=True)["changes"]})
        self.ask("stage", begin=True)
        self.ask("stage", end=True)
        self.assertEqual(["kept"], os.listdir(self.work))
        self.assertEqual(["undo"], os.listdir(outside))

    def anew(self):
        """What a look from the start tells, and what it complains of."""
        before = self.errors.seek(0, os.SEEK_END)
        told = {c["p"]: c["k"] for c in self.ask("scan", anew=True)["changes"]}
        self.errors.seek(before)
        return told, self.errors.read().decode()

    def peak(self):
        """MiB of memory that it needed at most."""
        return int(re.search(r"VmHWM:\s+(\d+) kB", pathlib.Path(f"/proc/{self.process.pid}/status").read_text())[1]) >> 10

    def planted(self, undo):
        stage = self.work / ".rungpt-revert"
        stage.mkdir()
        (stage / "was-0").write_text("new")
        (stage / "undo").write_bytes(undo)

    def test_a_line_that_is_none_of_ours_stops_neither_the_others_nor_the_look(self):
        good = b'{"p": "made", "do": "unlink"}\n', b'{"p": "kept", "do": "back", "was": "was-0"}\n'
        for line in (b"{}", b'{"p": "../x", "do": "unlink"}', b'["p", "do"]', b"7", b"", b"\xff\xfe", b"[" * 100_000, b"[" + b"[]," * 5_000_000 + b"[]]", b'{"p": ["a"], "do": "unlink"}', b'{"p": "a", "do": ["unlink"]}',
                     b'{"p": "a\\u0000", "do": "unlink"}', b'{"p": "\\ud800", "do": "unlink"}', b'{"p": "/etc/x", "do": "unlink"}', b'{"p": "a", "do": "dance"}', b'{"p": "a", "do": "back"}',
                     b'{"p": "a", "do": "back", "was": "../untouched"}', b'{"p": "untouched", "do": "mode", "m": -1, "u": 0, "g": 0}', b'{"p": "untouched", "do": "mode", "m": 0, "u": 1e9, "g": 0}',
                     b'{"p": "untouched", "do": "mode", "m": 0, "u": 99999999999999999999, "g": 0}', b'{"p": "untouched", "do": "dir", "m": true, "u": 0, "g": 0}', b'{"p": "untouched", "do": "mode"}'):
            with self.subTest(line[:60]):
                for name in ("made", "kept", "untouched"):
                    (self.work / name).write_text("old")
                self.planted(good[0] + line + b"\n" + good[1])
                told, said = self.anew()
                self.assertEqual({"kept": "file", "untouched": "file"}, told)
                self.assertEqual("new", (self.work / "kept").read_text())
                self.assertEqual(1, said.count("not all of a revert was taken back: "), said)
                self.assertEqual({"kept", "untouched"}, set(os.listdir(self.work)))
                self.assertEqual(({"kept": "file", "untouched": "file"}, ""), self.anew())
        self.assertLess(self.peak(), 128)
        # Nor does it stop the next revert for good.
        self.planted(b"{}\n")
        with self.assertRaisesRegex(RuntimeError, "a line of what is to be taken back is none of ours"):
            self.ask("stage", begin=True)
        self.ask("stage", begin=True)
        self.ask("apply")

    def test_a_huge_list_of_what_is_to_be_taken_back_is_not_read(self):
        for make in (lambda undo: os.truncate(undo, 1 << 40), lambda undo: undo.write_bytes(b"{}\n" * 500_000)):
            self.planted(b"")
            make(self.work / ".rungpt-revert/undo")
            begun = time.monotonic()
            told, said = self.anew()
            self.assertEqual({}, told)
            self.assertIn("too long", said)
            self.assertLess(time.monotonic() - begun, 5)
            self.assertEqual([], os.listdir(self.work))
        self.assertLess(self.peak(), 128)

    def test_no_longer_list_is_written_than_is_read(self):
        module = {"__name__": "journal"}
        exec(compile((ROOT / "base/workspace-journal").read_text(), "workspace-journal", "exec"), module)
        module["MAX_UNDO"] = 100
        for name in ("a", "b", "c"):
            (self.work / name).write_text(name)
        workspace = module["Workspace"](str(self.work))
        workspace.do_stage({"begin": True})
        workspace.do_stage({"steps": [{"do": "delete", "p": name} for name in ("a", "b", "c")]})
        with self.assertRaisesRegex(module["Refused"], "too many files"):
            workspace.do_apply({})
        self.assertEqual({"a", "b", "c"}, {(self.work / name).read_text() for name in os.listdir(self.work)})

    def test_a_deep_tree_in_the_place_of_what_is_staged_is_removed(self):
        self.planted(b'{"p": "made", "do": "unlink"}\n')
        (self.work / "made").write_text("")
        folder = os.open(self.work / ".rungpt-revert", os.O_RDONLY)
        for _ in range(3000):
            os.mkdir("d", dir_fd=folder)
            inner = os.open("d", os.O_RDONLY, dir_fd=folder)
            os.close(folder)
            folder = inner
        os.close(folder)
        self.assertEqual(({}, ""), self.anew())
        self.assertEqual([], os.listdir(self.work))

    def test_whatever_is_in_the_place_of_what_is_staged_is_removed(self):
        stage = self.work / ".rungpt-revert"

        def undo(make):
            stage.mkdir()
            make(stage / "undo")
        outside = pathlib.Path(tempfile.mkdtemp(prefix="outside-"))
        self.addCleanup(shutil.rmtree, outside, True)
        (outside / "undo").write_text('{"p": "kept", "do": "unlink"}\n')
        (self.work / "kept").write_text("")
        self.ask("ping")  # while it begins it has its own program open
        open_before = len(os.listdir(f"/proc/{self.process.pid}/fd"))
        for make in (lambda: stage.write_text("x"), lambda: stage.symlink_to(outside), lambda: stage.symlink_to("nowhere"), lambda: os.mkfifo(stage), lambda: undo(os.mkfifo), lambda: undo(os.mkdir),
                     lambda: undo(lambda place: place.symlink_to(outside / "undo"))):
            make()
            self.assertEqual(({"kept": "file"}, ""), self.anew())
            self.assertEqual(["kept"], os.listdir(self.work))
        self.assertEqual(["undo"], os.listdir(outside))
        self.assertEqual(open_before, len(os.listdir(f"/proc/{self.process.pid}/fd")))

    def test_nonsense_is_answered(self):
        for method in ("dance", "read", "apply"):
            with self.assertRaises(RuntimeError):
                self.ask(method)
        self.assertEqual({}, self.ask("ping"))


if __name__ == "__main__":
    unittest.main()
