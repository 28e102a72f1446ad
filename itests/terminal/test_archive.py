"""The release archives: the same in both forms, nothing is built in them, and Karaf's own start script starts the same product."""

import os
import pathlib
import socket
import stat
import tarfile
import tempfile
import unittest
import zipfile

import rungpt
from rungpt import RunGpt
from terminal import Terminal

RELEASE = pathlib.Path(rungpt.SCRIPT).parent
ARCHIVES = pathlib.Path(__file__).parents[2] / 'karaf-distribution' / 'target'


def archive(ending):
    [found] = ARCHIVES.glob(f'org.rungpt.distribution-*{ending}')
    return found


def below_top(name):
    return name.split('/', 1)[1]


def files_of_tar():
    with tarfile.open(archive('.tar.gz')) as tar:
        files = {below_top(entry.name): entry for entry in tar if not entry.isdir()}
    # A zip has no links: there a link is what it leads to.
    return {name: bool((files[entry.linkname] if entry.issym() else entry).mode & stat.S_IXUSR) for name, entry in files.items()}


def unzip(directory):
    """Unpacks with the modes of the files, as unzip does, and gives the top directory."""
    with zipfile.ZipFile(archive('.zip')) as packed:
        for entry in packed.infolist():
            if not entry.is_dir():
                path = pathlib.Path(packed.extract(entry, directory))
                path.chmod(entry.external_attr >> 16 & 0o777)
    [top] = pathlib.Path(directory).iterdir()
    return top


def executables(top):
    return {str(path.relative_to(top)): bool(path.stat().st_mode & stat.S_IXUSR) for path in top.rglob('*') if path.is_file()}


def state(top):
    return {str(path.relative_to(top)): (path.stat().st_size, path.stat().st_mtime_ns) for path in top.rglob('*') if path.is_file()}


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class Zip(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix='rungpt-zip-')
        self.addCleanup(directory.cleanup)
        self.top = unzip(directory.name)
        self.rungpt = RunGpt()
        self.rungpt.script = str(self.top / 'rungpt')
        self.addCleanup(self.rungpt.close)

    def test_it_holds_what_the_tar_archive_holds_with_the_same_programs(self):
        programs_of_windows = {name: is_program for name, is_program in executables(self.top).items() if name.endswith('.bat')}
        self.assertEqual({**files_of_tar(), **programs_of_windows}, executables(self.top))

    def test_karafs_own_script_starts_the_same_product_and_the_archive_stays_as_it_was(self):
        before = state(self.top)
        port = free_port()
        environment = {
            **self.rungpt.environment,
            'RUNGPT_DATA': self.rungpt.data,
            'EXTRA_JAVA_OPTS': f'-Drungpt.port={port} -Dorg.osgi.service.http.port={port} -Drungpt.ssh.port={free_port()}',
        }
        with Terminal([str(self.top / 'bin' / 'karaf')], environment) as karaf:
            karaf.expect(r'rungpt > $', 120)
            adopted = self.rungpt.run('run', '--no-browser', '--yes')
            self.assertEqual(0, adopted.returncode, adopted)
            self.assertIn(f'RunGPT is ready: http://127.0.0.1:{port}/login#code=', adopted.stdout)
            status = self.rungpt.run('status')
            self.assertEqual(0, status.returncode, status)
            asked = self.rungpt.run('ask', 'What machine are you running on?')
            self.assertEqual(0, asked.returncode, asked)
            [finished] = self.rungpt.of_latest('call.finished')
            self.assertEqual('completed', finished['status'])
            karaf.enter('rungpt:list')
            karaf.expect(r'rungpt/filesystem \(built in\)')
            karaf.enter('exit')
            self.assertEqual(0, karaf.wait(60))
        self.assertEqual(before, state(self.top))


if __name__ == '__main__':
    unittest.main()
