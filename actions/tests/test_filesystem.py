"""The file system's tasks at the edges. Needs no container; how they work is in test_container.py."""
import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

RUN = Path(__file__).parents[1] / "rungpt" / "filesystem" / "run"


class Files(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.root = Path(place.name).resolve()
        self.files = self.root / "workspace"
        self.files.mkdir()

    def call(self, task, /, **arguments):
        done = subprocess.run([RUN, task], input=json.dumps(arguments).encode(), capture_output=True, timeout=60, cwd=self.files,
                              env={**os.environ, "RUNGPT_WORKSPACE": str(self.files), "RUNGPT_SHARES": f"{self.root}/share"})
        return done.returncode, done.stdout.decode("utf-8", "surrogateescape"), done.stderr.decode("utf-8", "replace")

    def good(self, task, /, **arguments):
        code, output, errors = self.call(task, **arguments)
        self.assertEqual((0, ""), (code, errors))
        return output

    def bad(self, task, text, /, **arguments):
        code, output, errors = self.call(task, **arguments)
        self.assertEqual((1, 1), (code, errors.count("\n")), errors)
        self.assertIn(text, errors)

    def test_an_edit_keeps_the_line_ends_of_a_file(self):
        for before, old, new, after in (
                (b"a\r\nb\r\n", "b", "b1\nb2", b"a\r\nb1\r\nb2\r\n"), (b"a\r\nb\r\n", "\nb", "", b"a\r\n"), (b"a\r\nb\r\n", "a\nb", "a\nc", b"a\r\nc\r\n"),
                (b"a\r\nb\n", "b", "b1\nb2", b"a\r\nb1\nb2\n"), (b"a\nb\n", "b", "b1\nb2", b"a\nb1\nb2\n"), (b"a\r\nb", "b", "x\r\ny\n", b"a\r\nx\r\ny\n"), (b"b", "b", "x\ny", b"x\ny")):
            with self.subTest(before, old=old, new=new):
                (self.files / "f").write_bytes(before)
                self.good("edit_file", path="f", old=old, new=new)
                self.assertEqual(after, (self.files / "f").read_bytes())

    def test_a_name_may_be_as_long_as_names_can_be(self):
        for name in ("字" * 83 + ".txt", "x" * 255):
            with self.subTest(name):
                self.assertEqual(f"created {name} (1 bytes)\n", self.good("write_file", path=name, content="x"))
                self.assertEqual("y", self.good("edit_file", path=name, old="x", new="y") and (self.files / name).read_text())
        self.assertEqual(2, len(os.listdir(self.files)))
        self.bad("write_file", "file name too long", path="字" * 86, content="x")

    def test_an_expression_is_looked_for_in_each_line(self):
        (self.files / "f").write_bytes("one\ntwo\r\ncafé\nÄPFEL\nfour".encode())
        for text, lines in (("^two", "2: two"), ("two$", "2: two"), ("^one$", "1: one"), (r"\Acaf.\Z", "3: café"), ("^[éx]|caf[éx]$", "3: café"), (r"^\w{4}$", "3: café\nf:5: four"), (r"\r", "2: two"), ("(?<!u)r$", ""), ("[[t]wo", "2: two")):
            with self.subTest(text):
                code, output, errors = self.call("search", text=text, regex=True)
                self.assertEqual((0, f"f:{lines}\n" if lines else "", "" if lines else "search: no line below . has this text\n"), (code, output, errors))
        self.assertEqual("f:4: ÄPFEL\n", self.good("search", text="äpfel", ignore_case=True))
        self.assertEqual("f:3: café\n", self.good("search", text="é"))
        (self.files / "latin").write_bytes(b"caf\xe9 au lait\n")
        self.assertEqual("latin:1: caf\ufffd au lait\n", self.good("search", text="au l"))

    def test_what_is_no_expression_is_said_in_a_line(self):
        for text in ("(", "a{99999999999999}", "(" * 50_000, "(?L)a", "*", "(?<=a+)b"):
            with self.subTest(text[:20]):
                self.bad("search", "text is no regular expression: ", text=text, regex=True)

    def tree(self):
        return sorted(str(p.relative_to(self.files)) for p in self.files.rglob("*"))

    def test_nothing_is_moved_or_copied_into_itself_by_way_of_a_link(self):
        (self.files / "d" / "sub").mkdir(parents=True)
        (self.files / "d" / "f").write_text("f")
        (self.files / "into").symlink_to("d/sub")
        (self.files / "same").symlink_to("d")
        before = self.tree()
        for task in "copy", "move":
            for source, target, text in (("d", "into/x", "lies inside d"), ("d", "into", "lies inside d"), ("d", "same", "lies inside d"), ("d", "d", "lies inside d"), ("d/f", "d/f/x", "lies inside d/f"),
                                         ("d/f", "same/f", "are the same"), ("d/f", "same", "are the same")):
                with self.subTest(task, source=source, target=target):
                    self.bad(task, text, source=source, target=target, overwrite=True)
                    self.assertEqual(before, self.tree())
        self.good("move", source="d/f", target="into")
        self.good("move", source="into", target="d")
        self.assertEqual(["d", "d/into", "d/sub", "d/sub/f", "same"], self.tree())

    def test_nobody_moves_or_deletes_all_of_the_workspace(self):
        (self.files / "d").mkdir()
        for path in (".", "d/..", "..", str(self.files), str(self.root)):
            self.bad("move", "this would move everything", source=path, target=f"{self.root}/elsewhere")
            self.bad("delete", "this would delete everything", path=path, recursive=True)
        self.good("copy", source=".", target=f"{self.root}/elsewhere")
        self.assertEqual(["d"], self.tree())

    def test_what_is_in_the_way_is_replaced_or_named(self):
        (self.files / "d").mkdir()
        (self.files / "f").write_text("f")
        (self.files / "g").write_text("g")
        (self.files / "link").symlink_to("nowhere")
        for task in "copy", "move":
            self.bad(task, "f: exists already; delete it first", source="d", target="f", overwrite=True)
            self.bad(task, "f/x: a part of the path is no directory", source="g", target="f/x")
            self.bad(task, "link: exists already; overwrite: true replaces it", source="g", target="link")
        self.bad("write_file", "f/x: a part of the path is no directory", path="f/x", content="")
        self.bad("copy", "/dev/zero: is no regular file", source="/dev/zero", target="zero")
        self.good("copy", source="link", target="f", overwrite=True)
        self.assertEqual("nowhere", os.readlink(self.files / "f"))
        self.good("copy", source="g", target="link", overwrite=True)
        self.assertEqual(("g", False), ((self.files / "link").read_text(), (self.files / "nowhere").exists()))

    def test_patterns_stay_within_a_name_but_for_two_stars(self):
        (self.files / "a" / "deep").mkdir(parents=True)
        for name in ("a/b.py", "a/deep/c.py", ".hid", "a.*b", "[x]", "]", "x^y"):
            (self.files / name).touch()
        for pattern, found in (("a/deep?c.py", ""), ("a/deep[!x]c.py", ""), ("a/?eep", "a/deep/"), ("a/[!b]*", "a/deep/"), ("[.]*", ".hid"), ("*[.*]*[*]*", "a.*b"), ("[[]*", "[x]"), ("[]]", "]"), ("[!]a.[bcd]?*", "x^y"), ("*^?", "x^y"),
                               ("a**.py", "a/b.py a/deep/c.py"), ("a/*.py", "a/b.py"), ("**/c.py", "a/deep/c.py"), ("[z-a]", ""), ("[", "")):
            with self.subTest(pattern):
                code, output, errors = self.call("find", pattern=pattern)
                self.assertEqual((0, found.split(), 0 if found else 1), (code, output.split(), errors.count("\n")))

    def test_a_file_is_below_itself(self):
        (self.files / "a.py").write_text("x")
        for path in "a.py", "./a.py":
            self.assertEqual("a.py\n", self.good("find", pattern="*.py", path=path))
            self.assertEqual("a.py:1: x\n", self.good("search", text="x", pattern="*.py", path=path))

    def test_numbers_out_of_range(self):
        (self.files / "f").write_text("1\n2\n3")
        for numbers, text in (({"limit": -1}, "1\n2\n3"), ({"offset": -5, "limit": -5}, "1\n2\n3"), ({"offset": 3, "limit": 10**30}, "3"), ({"offset": 0}, "1\n2\n3")):
            with self.subTest(**numbers):
                self.assertEqual(text, self.good("read_file", path="f", **numbers))
        self.bad("read_file", "f: has only 3 lines", path="f", offset=10**30)

    def test_a_line_that_is_too_long_is_cut(self):
        (self.files / "f").write_text("a" + "ä" * 200_000 + "\nlast\n")
        code, output, errors = self.call("read_file", path="f")
        self.assertEqual((0, "a" + "ä" * 131071), (code, output))
        self.assertEqual("read_file: f: line 1 has 400002 bytes, the first 262143 are shown; system.shell with cut or tail shows more of it\nread_file: f: lines 1 to 1 of 2; go on with offset 2\n", errors)
        self.assertEqual("last\n", self.good("read_file", path="f", offset=2))
        self.assertEqual(200_002, len(self.call("read_file", path="f", limit=1)[1]))

    def test_places_that_overlap_are_two(self):
        (self.files / "f").write_text("x\nx\nx\n")
        self.bad("edit_file", "occurs 2 times (lines 1, 2); give more", path="f", old="x\nx", new="x\ny")
        self.assertEqual("replaced 1 place in f (line 1)\n", self.good("edit_file", path="f", old="x\nx", new="x\ny", all=True))
        self.assertEqual("x\ny\nx\n", (self.files / "f").read_text())

    def test_nothing_is_appended_to_what_is_no_file(self):
        os.mkfifo(self.files / "fifo")
        self.bad("write_file", "is no regular file", path="fifo", content="x", append=True)
        self.bad("write_file", "is a directory", path=".", content="x", append=True)
        (self.files / "link").symlink_to("new")
        self.good("write_file", path="link", content="x", append=True)
        self.assertEqual("x", (self.files / "new").read_text())

    def test_directories_as_deep_as_paths_can_be(self):
        self.addCleanup(subprocess.run, ["rm", "-rf", self.files / "d"])
        path, place = "d/" * 1100, self.files
        for i in range(1100):
            if i == 600:
                self.good("copy", source="d", target="e")
                self.good("delete", path="e", recursive=True)
            place = place / "d"
            place.mkdir()
        (place / "leaf").write_text("needle\n")
        self.assertEqual(path + "leaf\n", self.good("find", pattern="leaf"))
        self.assertEqual(path + "leaf:1: needle\n", self.good("search", text="needle"))

    def test_what_goes_meanwhile_is_said_in_a_line(self):
        self.bad("list_directory", "no such file or directory", path="/proc/self/fd")


if __name__ == "__main__":
    unittest.main()
