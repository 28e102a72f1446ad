"""A model server on loopback that streams what a script says."""

import itertools
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Model:
    """`script` gets the nonce of the conversation and its last message, and yields the pieces of the answer."""

    def __init__(self, script):
        self.script = script
        model = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                self._begin('application/json')
                self.wfile.write(b'{"data": [{"id": "scripted", "object": "model"}]}')

            def do_POST(self):
                messages = json.loads(self.rfile.read(int(self.headers['Content-Length'])))['messages']
                nonce = re.search('<run-([a-z0-9]{4,16}) ', messages[0]['content']).group(1)
                self._begin('text/event-stream')
                try:
                    for piece in model.script(nonce, messages[-1]['content']):
                        self._chunk({'delta': {'content': piece}})
                    self._chunk({'delta': {}, 'finish_reason': 'stop'})
                    self.wfile.write(b'data: [DONE]\n\n')
                except (BrokenPipeError, ConnectionResetError):
                    model.left.set()

            def _begin(self, kind):
                self.send_response(200)
                self.send_header('Content-Type', kind)
                self.end_headers()

            def _chunk(self, choice):
                self.wfile.write(b'data: ' + json.dumps({'choices': [{'index': 0, **choice}]}).encode() + b'\n\n')
                self.wfile.flush()

        self.left = threading.Event()
        self.server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f'http://127.0.0.1:{self.server.server_port}/v1'

    def close(self):
        self.server.shutdown()
        self.server.server_close()


IDS = itertools.count(1)


def call(nonce, task, **arguments):
    """A tag that calls a task, with an id that no other has."""
    return f'\n<run-{nonce} action="{task}" id="{next(IDS)}">\n{json.dumps(arguments)}\n</run-{nonce}>\n'
