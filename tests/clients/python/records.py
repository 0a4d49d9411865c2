"""What the Python programs send to the broker, and how they compare what they find."""

import os
import random
import time
import traceback
import uuid
from concurrent.futures import ThreadPoolExecutor, as_completed

RUN = uuid.uuid4().hex[:8]
# The dump of the segments holds the codec against the last word of a topic's name.
CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
SINCE_MS = int(time.time() * 1000) - 60_000  # what is older than a week is deleted

# Key, value, headers: everything that may be empty or missing, what compresses and what doesn't.
RECORDS = (
    (b"plain", b"value", [("source", b"web"), ("version", b"1.0")]),
    (None, b"no key", []),
    (b"tombstone", None, []),
    (b"", b"", [("empty", b""), ("absent", None)]),
    ("größe".encode(), "日本".encode(), [("twice", b"1"), ("twice", b"2"), ("名", bytes(range(256)))]),
    (b"long", b"all work and no play " * 4096, []),
    (b"noise", random.Random(1).randbytes(10_000), [("seed", b"1")]),
)


def as_stored(records):
    """(offset, timestamp, key, value, headers) as the only partition of a topic then has them."""
    return [(at, SINCE_MS + at, *record) for at, record in enumerate(records)]


def equal(found, wanted):
    assert found == wanted, f"found {found!r:.2000}, wanted {wanted!r:.2000}"


def until(condition, act=lambda: time.sleep(0.1), seconds=120):
    """Acts until the condition holds; what takes this long has failed."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited {seconds} s in vain"
        act()


def run(steps, at_once=None):
    """Runs the steps side by side, since they mostly wait for a group to gather."""
    with ThreadPoolExecutor(at_once or len(steps)) as pool:
        titles = {pool.submit(step): title for title, step in steps}
        for done in as_completed(titles):
            if done.exception():
                traceback.print_exception(done.exception())
                print(f"FAIL {titles[done]}", flush=True)
                os._exit(1)
            print(f"ok {titles[done]}", flush=True)
    print(f"{len(steps)} passed")
