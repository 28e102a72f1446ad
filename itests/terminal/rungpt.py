"""A server of the release archive's script, on a data directory of its own."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import urllib.request

from terminal import Terminal

SCRIPT = os.environ.get('RUNGPT_SCRIPT', str(pathlib.Path(__file__).parents[2] / 'rungpt'))


class RunGpt:
    def __init__(self, **environment):
        self.script = SCRIPT
        self.data = tempfile.mkdtemp(prefix='rungpt-terminal-')
        self.environment = {name: value for name, value in os.environ.items() if not re.match('OPENAI_|RUNGPT_', name)}
        self.environment.update(environment)

    def start(self, *options):
        ended = self.run('run', '--port', '0', '--detach', '--no-browser', '--yes', *options)
        if ended.returncode != 0:
            raise AssertionError(f'the server did not start: {ended}')

    def close(self):
        self.run('stop')
        shutil.rmtree(self.data, ignore_errors=True)

    def command(self, command, *arguments):
        return [self.script, command, '--data', self.data, *arguments]

    def run(self, command, *arguments, typed=None):
        """Runs a command without a terminal."""
        with tempfile.TemporaryFile('w+') as out, tempfile.TemporaryFile('w+') as err:
            # Files, not pipes: a server that is left running holds them open.
            ended = subprocess.run(self.command(command, *arguments), env=self.environment, stdout=out, stderr=err,
                                   timeout=300, check=False, text=True, **({'stdin': subprocess.DEVNULL} if typed is None else {'input': typed}))
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(ended.args, ended.returncode, out.read(), err.read())

    def terminal(self, command, *arguments, **options):
        return Terminal(self.command(command, *arguments), self.environment, **options)

    def shell(self, line):
        ended = self.run('shell', line)
        if ended.returncode != 0:
            raise AssertionError(f'{line}: {ended}')
        return ended.stdout

    def get(self, path):
        return self._request(path, None)

    def post(self, path, body):
        return self._request(path, json.dumps(body).encode())

    def _open(self, path, body, **headers):
        server = json.loads(pathlib.Path(self.data, 'server.json').read_text())
        token = pathlib.Path(self.data, 'secret', 'token').read_text().strip()
        request = urllib.request.Request(f'http://127.0.0.1:{server["port"]}{path}', body,
                                         {'Authorization': f'Bearer {token}', 'X-RunGPT': '1', 'Content-Type': 'application/json', **headers})
        return urllib.request.urlopen(request, timeout=30)

    def _request(self, path, body):
        with self._open(path, body) as answer:
            return json.loads(answer.read() or 'null')

    def until(self, conversation, kind):
        """Reads the events as they come until one is of this kind, and gives its data."""
        with self._open(f'/api/conversations/{conversation}/events?after=0', None, Accept='text/event-stream') as stream:
            for line in stream:
                if line.startswith(b'data: '):
                    event = json.loads(line.removeprefix(b'data: '))
                    if event['type'] == kind:
                        return event['data']
        raise AssertionError(f'no {kind} came')

    def of_stopped(self, kind):
        """The data of the latest conversation's events of one kind, once its turn has ended: who stops it does not wait for that."""
        self.until(self.latest(), 'turn.finished')
        return self.of_latest(kind)

    def pid(self):
        return json.loads(pathlib.Path(self.data, 'server.json').read_text())['pid']

    def events(self, conversation):
        return self.get(f'/api/conversations/{conversation}/events?limit=10000')['events']

    def latest(self):
        """The id of the latest conversation."""
        return self.get('/api/conversations')['conversations'][0]['id']

    def of_latest(self, kind):
        """The data of the latest conversation's events of one kind."""
        return [event['data'] for event in self.events(self.latest()) if event['type'] == kind]
