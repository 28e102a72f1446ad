"""Serves Git repositories on loopback by `git http-backend`, as a Git host does."""

import os
import pathlib
import subprocess
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class GitServer:
    def __init__(self):
        self.directory = tempfile.TemporaryDirectory(prefix='rungpt-git-')
        served = pathlib.Path(self.directory.name, 'served')

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                path, _, query = self.path.partition('?')
                body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
                answer = subprocess.run(['git', 'http-backend'], input=body, capture_output=True, check=False, env={
                    **os.environ, 'GIT_PROJECT_ROOT': str(served), 'GIT_HTTP_EXPORT_ALL': '1', 'PATH_INFO': path.replace('.git', '', 1),
                    'REQUEST_METHOD': self.command, 'QUERY_STRING': query, 'CONTENT_LENGTH': str(len(body)),
                    'CONTENT_TYPE': self.headers.get('Content-Type', ''), 'HTTP_CONTENT_ENCODING': self.headers.get('Content-Encoding', ''),
                    'GIT_PROTOCOL': self.headers.get('Git-Protocol', '')}).stdout
                head, _, content = answer.partition(b'\r\n\r\n')
                headers = dict(line.split(': ', 1) for line in head.decode().split('\r\n') if line)
                self.send_response(int(headers.pop('Status', '200')[:3]))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header('Content-Length', str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_POST = do_GET

        self.server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f'http://127.0.0.1:{self.server.server_port}'

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.directory.cleanup()

    def commit(self, repository, files):
        """Commits these files (name to content) to a repository, which is made if need be; `run` and `setup` become executable."""
        work = pathlib.Path(self.directory.name, 'work', repository)
        bare = pathlib.Path(self.directory.name, 'served', repository)
        if not work.exists():
            work.mkdir(parents=True)
            git(work, 'init', '--quiet', '--initial-branch=main')
            git(work, 'init', '--quiet', '--bare', '--initial-branch=main', str(bare))
            git(bare, 'config', 'uploadpack.allowAnySHA1InWant', 'true')
        for name, content in files.items():
            file = work / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
            if file.name in ('run', 'setup'):
                file.chmod(0o755)
        git(work, 'add', '--all')
        git(work, '-c', 'user.name=Test', '-c', 'user.email=test@localhost', 'commit', '--quiet', '--message=Change')
        git(work, 'push', '--quiet', str(bare), 'main')


def git(directory, *arguments):
    subprocess.run(['git', *arguments], cwd=directory, check=True, capture_output=True)
