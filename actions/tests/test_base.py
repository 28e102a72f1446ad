"""What the base image starts from: the official slim image of Debian 12, or the same made by debootstrap. Without Docker these tests fail."""
import json
import pathlib
import subprocess
import unittest

from harness import ROOT
from test_container import docker

OFFICIAL = pathlib.Path(__file__).with_name("bookworm-slim.packages").read_text().split()
OWN = "rungpt/debian:bookworm"


def packages(image):
    return sorted(docker("run", "--rm", "--network", "none", "--entrypoint", "dpkg-query", image, "-W", "-f", "${Package}\n").split())


class Base(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        built = subprocess.run([ROOT / "base" / "build"], stdout=subprocess.PIPE, text=True, check=True)
        cls.image = built.stdout.splitlines()[-1]
        labels = json.loads(docker("image", "inspect", "--format", "{{json .Config.Labels}}", cls.image))
        cls.start = labels["org.rungpt.base"]
        cls.candidates = [cls.start] + [OWN] * (cls.start != OWN and bool(docker("images", "-q", OWN)))

    def test_has_the_packages_that_the_official_image_is_published_with(self):
        for image in self.candidates:
            with self.subTest(image):
                self.assertEqual(packages(image), OFFICIAL)

    def test_says_that_it_is_debian_12_and_takes_updates_from_the_same_places(self):
        for image in self.candidates:
            with self.subTest(image):
                told = docker("run", "--rm", "--network", "none", "--entrypoint", "sh", image, "-c", ". /etc/os-release; echo $ID $VERSION_ID; cat /etc/apt/sources.list.d/*")
                self.assertTrue(told.startswith("debian 12\n"), told)
                for suite in ("bookworm bookworm-updates", "bookworm-security"):
                    self.assertIn(f"Suites: {suite}", told)

    def test_leaves_out_manuals_and_translations_as_the_official_image_does(self):
        for image in self.candidates:
            with self.subTest(image):
                left = docker("run", "--rm", "--network", "none", "--entrypoint", "sh", image, "-c", "find /usr/share/man /usr/share/info /usr/share/locale -type f ! -name locale.alias | head")
                self.assertEqual(left, "")

    def test_starts_as_the_official_image_does(self):
        for image in self.candidates:
            with self.subTest(image):
                command = json.loads(docker("image", "inspect", "--format", "{{json .Config.Cmd}}", image))
                self.assertEqual(command, ["bash"])


if __name__ == "__main__":
    unittest.main()
