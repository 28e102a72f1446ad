"""The file system's tasks and directories of the host: what a share's links lead to is not told. Needs no container."""
import json
import os
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
            [RUN, task], input=json.dumps(arguments).encode(), capture_output=True, timeout=20, cwd=self.root / "workspace",
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


if __name__ == "__main__":
    unittest.main()
