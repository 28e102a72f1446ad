"""Fills an image with the smallest servers of packages: of apt, pip and npm, and one of git, under the names of the real ones.

Runs when the image is built. egress-fixture.py serves what is made here; the sandboxes of the test are made from the same image and trust its
certificate, so that every client speaks TLS as it would outside.
"""
import base64
import hashlib
import io
import json
import os
import subprocess
import tarfile
import zipfile

SITES = "/srv/sites"
HOSTS = "deb.debian.org", "security.debian.org", "pypi.org", "files.pythonhosted.org", "registry.npmjs.org", "github.com", "plain.test"


def run(*words, **more):
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, **more).stdout


def write(site, path, data):
    file = os.path.join(SITES, site, path)
    os.makedirs(os.path.dirname(file), exist_ok=True)
    with open(file, "wb") as out:
        out.write(data if isinstance(data, bytes) else data.encode())


def certificate():
    names = ",".join(f"DNS:{host}" for host in HOSTS)
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=Authority of a test", "-keyout", "/srv/ca.key",
        "-out", "/usr/local/share/ca-certificates/test.crt", "-addext", "basicConstraints=critical,CA:TRUE", stderr=subprocess.DEVNULL)
    run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test", "-keyout", "/srv/tls.key", "-out", "/srv/tls.csr", stderr=subprocess.DEVNULL)
    with open("/srv/extensions", "w") as out:
        out.write(f"subjectAltName={names}\nbasicConstraints=CA:FALSE\n")
    run("openssl", "x509", "-req", "-in", "/srv/tls.csr", "-CA", "/usr/local/share/ca-certificates/test.crt", "-CAkey", "/srv/ca.key", "-CAcreateserial",
        "-days", "2", "-extfile", "/srv/extensions", "-out", "/srv/tls.crt", stderr=subprocess.DEVNULL)
    with open("/srv/tls.pem", "w") as out:
        for part in ("/srv/tls.key", "/srv/tls.crt"):
            with open(part) as text:
                out.write(text.read())
    run("update-ca-certificates", stderr=subprocess.DEVNULL)


def apt():
    root = "/srv/deb"
    os.makedirs(root + "/DEBIAN")
    os.makedirs(root + "/usr/bin")
    with open(root + "/DEBIAN/control", "w") as out:
        out.write("Package: test-hello\nVersion: 1.0\nArchitecture: all\nMaintainer: Test <test@example.org>\nDescription: says hello\n")
    with open(root + "/usr/bin/test-hello", "w") as out:
        out.write("#!/bin/sh\necho hello from apt\n")
    os.chmod(root + "/usr/bin/test-hello", 0o755)
    run("dpkg-deb", "--root-owner-group", "--build", root, "/srv/hello.deb")
    with open("/srv/hello.deb", "rb") as package:
        data = package.read()
    write("deb.debian.org", "debian/pool/hello.deb", data)
    entry = (run("dpkg-deb", "--field", "/srv/hello.deb").decode()
             + f"Filename: pool/hello.deb\nSize: {len(data)}\nSHA256: {hashlib.sha256(data).hexdigest()}\n\n")
    architecture = run("dpkg", "--print-architecture").decode().strip()
    for folder, suite, packages in (("debian", "bookworm", entry), ("debian", "bookworm-updates", ""), ("debian-security", "bookworm-security", "")):
        index = f"main/binary-{architecture}/Packages"
        write("deb.debian.org", f"{folder}/dists/{suite}/{index}", packages)
        write("deb.debian.org", f"{folder}/dists/{suite}/Release", f"Origin: Debian\nSuite: {suite}\nCodename: {suite}\nArchitectures: {architecture}\nComponents: main\n"
              f"Date: Thu, 01 Jan 2026 00:00:00 UTC\nSHA256:\n {hashlib.sha256(packages.encode()).hexdigest()} {len(packages)} {index}\n")
    # As Debian's image has them, but for the signature, which nobody here could make.
    with open("/etc/apt/sources.list.d/debian.sources", "w") as out:
        for folder, suites in (("debian", "bookworm bookworm-updates"), ("debian-security", "bookworm-security")):
            out.write(f"Types: deb\nURIs: http://deb.debian.org/{folder}\nSuites: {suites}\nComponents: main\nTrusted: yes\n\n")


def pip():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as wheel:
        wheel.writestr("test_hello.py", "print('hello from pip')\n")
        wheel.writestr("test_hello-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: test-hello\nVersion: 1.0\n")
        wheel.writestr("test_hello-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("test_hello-1.0.dist-info/RECORD", "test_hello.py,,\ntest_hello-1.0.dist-info/METADATA,,\ntest_hello-1.0.dist-info/WHEEL,,\ntest_hello-1.0.dist-info/RECORD,,\n")
    name = "test_hello-1.0-py3-none-any.whl"
    write("files.pythonhosted.org", f"packages/{name}", packed.getvalue())
    write("plain.test", f"pip/test-hello/{name}", packed.getvalue())
    write("plain.test", "pip/test-hello/index", f'<!DOCTYPE html><a href="{name}">{name}</a>')
    write("pypi.org", "simple/test-hello/index", f'<!DOCTYPE html><a href="https://files.pythonhosted.org/packages/{name}'
          f'#sha256={hashlib.sha256(packed.getvalue()).hexdigest()}">{name}</a>')


def npm():
    manifest = {"name": "test-hello", "version": "1.0.0", "bin": {"test-hello-npm": "hello.js"}}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, text in (("package.json", json.dumps(manifest)), ("hello.js", "#!/usr/bin/env node\nconsole.log('hello from npm')\n")):
            entry = tarfile.TarInfo("package/" + name)
            entry.size, entry.mode = len(text), 0o755
            tar.addfile(entry, io.BytesIO(text.encode()))
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(packed.getvalue()).digest()).decode()
    manifest["dist"] = {"tarball": "https://registry.npmjs.org/test-hello/-/test-hello-1.0.0.tgz", "integrity": integrity}
    write("registry.npmjs.org", "test-hello/-/test-hello-1.0.0.tgz", packed.getvalue())
    write("registry.npmjs.org", "test-hello/index", json.dumps({"name": "test-hello", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": manifest}}))


def git():
    run("git", "init", "--quiet", "/srv/hello")
    with open("/srv/hello/hello.txt", "w") as out:
        out.write("hello from git\n")
    run("git", "-C", "/srv/hello", "add", ".")
    run("git", "-C", "/srv/hello", "-c", "user.name=Test", "-c", "user.email=test@example.org", "commit", "--quiet", "--message", "Hello")
    for path in ("acme/hello", "acme/hello.git"):
        run("git", "clone", "--quiet", "--bare", "/srv/hello", f"{SITES}/github.com/{path}")


for host in HOSTS:
    os.makedirs(os.path.join(SITES, host))
write("plain.test", "hello", "hello over http\n")
write("github.com", "hello", "hello over https\n")
certificate()
apt()
pip()
npm()
# Mirrors that somebody could run.
for name, site in (("apt", "deb.debian.org"), ("npm", "registry.npmjs.org")):
    os.symlink(os.path.join(SITES, site), os.path.join(SITES, "plain.test", name))
git()
