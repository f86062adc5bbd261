"""Reading functions that misbehave, called in the process that reads apart."""

import os
import socket
import subprocess
import time
from pathlib import Path

from maillage.core.errors import UnreadableFile


def length(content, **arguments):
    return {"length": len(content), **arguments}


def surroundings(content):
    return {"environment": sorted(os.environ), "files": len(list(Path("/proc/self/fd").iterdir()))}


def eat(content):
    return len(bytearray(2**40))


def eat_slowly(content):
    kept = []
    while True:
        kept.append(bytearray(2**20))


def spin(content):
    while True:
        pass


def sleep(content):
    time.sleep(60)


def talk(content):
    return "x" * 2**22


def refuse(content):
    raise UnreadableFile("Ce fichier parle de travers.")


def break_(content):
    raise ValueError("Mme Untel")


def end(content):
    os.abort()


def connect(content):
    socket.create_connection(("127.0.0.1", 9), 1)


def start(content):
    subprocess.run(["/bin/true"], check=True)


def write(content, path):
    Path(path).write_text("x")


def sleep_with(content, **arguments):
    time.sleep(60)
