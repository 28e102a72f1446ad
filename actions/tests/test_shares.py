"""The file system's tasks and directories of the host: what a share's links lead to is not told. Needs no container."""
import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

RUN = Path(__file__).parents[1] / "rungpt" / "filesystem" / "run"
CANARY = "canary-" + "x" * 20


class Shares(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.root = Path(place.name).resolve()
        self.share = self.root / "share" / "files"
        for folder in (self.share / "in", self.root / "share" / "files-evil", self.root / "workspace", self.root / "host"):
            folder.mkdir(parents=True)
        (self.share / "in" / "file").write_text("inside\n")
        (self.root / "host" / "secret").write_text(CANARY)
        (self.root / "share" / "files-evil" / "secret").write_text(CANARY)

    def call(self, task, **arguments):
        done = subprocess.run(
            [RUN, task], input=json.dumps(arguments).encode(), capture_output=True, timeout=60, cwd=self.root / "workspace",
            env={**os.environ, "RUNGPT_WORKSPACE": f"{self.root}/workspace", "RUNGPT_SHARES": f"{self.root}/share"})
        return done.returncode, done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")

    def test_a_19_planted_links_are_refused_or_shown_as_links(self):
        """A.19 planted symlinks are never followed out of a share"""
        plants = {"s": f"{self.root}/host/secret", "d": f"{self.root}/host", "up": "../../host/secret", "chain": "s", "prefix": "../files-evil/secret",
                  "dangling": "/no/such", "loop": "loop", "root": "/"}
        for name, target in plants.items():
            (self.share / name).symlink_to(target)
        os.mkfifo(self.share / "pipe")
        for path in [*plants, "d/secret", "root" + str(self.root) + "/host/secret", "in/../d/secret", "d/../host/secret", "pipe"]:
            for task, more in (("read_file", {}), ("list_directory", {}), ("write_file", {"content": "x"})):
                with self.subTest(task=task, path=path):
                    code, said = self.call(task, path=f"{self.root}/share/files/{path}", **more)
                    self.assertNotEqual(0, code, said)
                    self.assertNotIn(CANARY, said)
        self.assertEqual(CANARY, (self.root / "host" / "secret").read_text())
        code, said = self.call("list_directory", path=str(self.share))
        self.assertEqual(0, code, said)
        self.assertNotIn(CANARY, said)
        # Links that stay inside are followed: not every link is refused.
        (self.share / "good").symlink_to("in/file")
        self.assertEqual((0, "inside\n"), self.call("read_file", path=f"{self.share}/good"))

    def test_a_18_paths_do_not_leave_a_share(self):
        """A.18 path traversal"""
        (self.share / "out").symlink_to(self.root / "host")
        for path in ("out/../host/secret", "in/../out/secret", "./out/./secret", "in/../../files/out/secret", "out//secret"):
            with self.subTest(path=path):
                code, said = self.call("read_file", path=f"{self.share}/{path}")
                self.assertNotEqual(0, code)
                self.assertNotIn(CANARY, said)
        for path in ("", "\0", "..%2f..%2fhost%2fsecret", "%2e%2e/secret", "C:\\secret", "x" * 5000, "\u2024\u2024/\u2024\u2024/host/secret", "."):
            with self.subTest(path=path[:20]):
                code, said = self.call("read_file", path=path)
                self.assertNotEqual(0, code)
                self.assertNotIn(CANARY, said)


    def outside(self):
        """What lies outside of the share, with its times: whatever is tried, it stays so."""
        return {str(p): (p.lstat().st_mode, p.lstat().st_mtime_ns, p.lstat().st_ino, p.read_text() if p.is_file() else None)
                for place in (self.root / "host", self.root / "share" / "files-evil") for p in [place, *sorted(place.rglob("*"))]}

    def tasks(self, path):
        """Each task that takes a path, with that path in each place where it takes one."""
        inside = f"{self.share}/in/file"
        return [("read_file", {"path": path}), ("write_file", {"path": path, "content": "x"}), ("write_file", {"path": path, "content": "x", "append": True}),
                ("edit_file", {"path": path, "old": "canary", "new": "x"}), ("list_directory", {"path": path}), ("find", {"path": path, "pattern": "**/*"}),
                ("search", {"path": path, "text": "canary"}), ("move", {"source": path, "target": f"{self.share}/moved"}),
                ("copy", {"source": path, "target": f"{self.share}/copied"}), ("move", {"source": inside, "target": path, "overwrite": True}),
                ("copy", {"source": inside, "target": path, "overwrite": True}), ("delete", {"path": path, "recursive": True})]

    def test_a_18_no_task_leads_out_by_a_path(self):
        """A.18 through every task that takes a path, in each place"""
        (self.share / "out").symlink_to(self.root / "host")
        before = self.outside()
        manifest = json.loads((RUN.parent / "manifest.json").read_text())
        self.assertEqual({task["name"] for task in manifest["tasks"]}, {task for task, _ in self.tasks("")}, "a task is left out")
        for path in ("out/secret", "out/../host/secret", "in/../out/secret", "./out/./secret", "out//secret", "in/../../files/out/secret"):
            for task, arguments in self.tasks(f"{self.share}/{path}"):
                with self.subTest(task=task, arguments=arguments):
                    code, said = self.call(task, **arguments)
                    self.assertNotEqual(0, code, said)
                    self.assertNotIn(CANARY, said)
                    self.assertEqual(before, self.outside())
        for path in ("", "\0", "\0/etc/passwd", "..%2f..%2fhost%2fsecret", "%2e%2e/secret", "C:\\secret", "\u2024\u2024/\u2024\u2024/host/secret"):
            for task, arguments in self.tasks(path):
                with self.subTest(task=task, arguments=arguments):
                    self.assertNotIn(CANARY, self.call(task, **arguments)[1])
                    self.assertEqual(before, self.outside())
            self.setUpInside()
        for task, arguments in self.tasks("x" * 5000):
            with self.subTest(task=task):
                self.assertNotEqual(0, self.call(task, **arguments)[0])
        # The same tasks do their work where they may.
        self.assertEqual(0, self.call("move", source=f"{self.share}/in/file", target=f"{self.share}/in/other")[0])
        self.assertEqual((0, "inside\n"), self.call("read_file", path=f"{self.share}/in/other"))

    def setUpInside(self):
        (self.share / "in").mkdir(exist_ok=True)
        (self.share / "in" / "file").write_text("inside\n")

    def test_a_19_no_task_follows_a_planted_link_out(self):
        """A.19 find, search, copy, move, delete and the others over planted links"""
        before = self.outside()
        plants = {"s": self.root / "host/secret", "d": self.root / "host", "up": "../../../host", "chain": "s", "prefix": "../../files-evil", "dangling": "/no/such", "loop": "loop", "root": "/"}

        def planted():
            place = self.share / "planted"
            if not place.exists():
                place.mkdir()
                for name, target in plants.items():
                    (place / name).symlink_to(target)
            return place

        def links():
            return {name: os.readlink(planted() / name) for name in plants}

        targets = links()
        for name in ("d/secret", "up/secret", "prefix/secret", f"root{self.root}/host/secret"):
            for task, arguments in self.tasks(f"{planted()}/{name}"):
                with self.subTest(task=task, arguments=arguments):
                    self.setUpInside()
                    code, said = self.call(task, **arguments)
                    self.assertNotEqual(0, code, said)
                    self.assertNotIn(CANARY, said)
                    self.assertEqual(before, self.outside())
        # Over the folder in which they lie: each is shown, copied, moved and deleted as the link that it is.
        for task, arguments in (("list_directory", {}), ("find", {"pattern": "**/*"}), ("search", {"text": "canary"})):
            with self.subTest(task=task):
                code, said = self.call(task, path=str(planted()), **arguments)
                self.assertEqual(0, code, said)
                self.assertNotIn(CANARY, said)
                self.assertNotIn("d/secret", said)
        for task in ("copy", "move"):
            with self.subTest(task=task):
                code, said = self.call(task, source=str(planted()), target=f"{self.share}/{task}")
                self.assertEqual(before, self.outside())
                for found in (self.share / task).rglob("*") if (self.share / task).exists() else ():
                    self.assertTrue(found.is_symlink(), f"{found} was copied from outside")
        self.assertEqual(targets, links())
        code, said = self.call("delete", path=str(planted()), recursive=True)
        self.assertEqual(0, code, said)
        self.assertFalse((self.share / "planted").exists())
        self.assertEqual(before, self.outside())
        for name in plants:
            for task in ("delete", "move", "copy"):
                with self.subTest(task=task, name=name):
                    path = f"{planted()}/{name}"
                    self.call(task, **({"path": path, "recursive": True} if task == "delete" else {"source": path, "target": f"{self.share}/{task}-{name}"}))
                    self.assertEqual(before, self.outside())
                    shutil.rmtree(self.share / "planted")
        # The look at the outside sees a change.
        (self.root / "host" / "secret").write_text("changed")
        self.assertNotEqual(before, self.outside())


if __name__ == "__main__":
    unittest.main()
