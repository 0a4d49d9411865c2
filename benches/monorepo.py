#!/usr/bin/env python3
"""Makes a repository of 1,000 schemas with 50 commits and 12 planted breaks, and times levada check.

    cargo build --profile dist
    python3 benches/monorepo.py target/dist/levada

The repository is the same in every run. A branch leaves main ten commits before its end, changes 120
schemas in a way that every reader can take, and 12 others in a way that none can. What main did after
that, among it a break, is none of the branch's business. The script fails unless exactly the 12 are
found. Git and Python are all it needs.
"""
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DOMAINS = 20
AVRO, PROTO, JSON = 20, 15, 15  # a domain
COMMITS, AFTER = 50, 10
CHANGED, RUNS = 120, 20

SETTINGS = """version = 1
[[schemas]]
path = "avro/**/*.avsc"
subject = "{record}"
[[schemas]]
path = "proto/**/*.proto"
subject = "{path}"
import-roots = ["proto"]
[[schemas]]
path = "json/**/*.json"
subject = "{path}"
"""


class Schema:
    """A schema as fields; each knows how it is written and which change breaks it."""

    def __init__(self, kind, domain, number):
        self.kind, self.domain, self.number = kind, domain, number
        self.fields = [(f"field_{i}", i % 3) for i in range(3 + number % 9)]
        self.is_common = number == 0

    @property
    def path(self):
        name = "common" if self.is_common else f"thing{self.number}"
        extension = {"avro": "avsc", "proto": "proto", "json": "json"}[self.kind]
        return f"{self.kind}/d{self.domain}/{name}.{extension}"

    def grow(self):
        self.fields.append((f"field_{len(self.fields)}", len(self.fields) % 3))

    def text(self, broken=False):
        return getattr(self, self.kind)(broken)

    def avro(self, broken):
        types = ["long", "string", "double"]
        fields = []
        for at, (name, kind) in enumerate(self.fields):
            default = [0, "", 0.0][kind]
            field = {"name": name, "type": types[kind], "doc": f"the {name}", "default": default}
            if broken and at == 0:
                field["type"], field["default"] = "bytes", ""
            fields.append(field)
        if not self.is_common:
            fields.append({"name": "owner", "type": ["null", f"d{self.domain}.Common"], "default": None})
        name = "Common" if self.is_common else f"Thing{self.number}"
        return json.dumps({"type": "record", "name": name, "namespace": f"d{self.domain}",
                           "fields": fields}, indent=2) + "\n"

    def proto(self, broken):
        types = ["int64", "string", "double"]
        name = "Common" if self.is_common else f"Thing{self.number}"
        lines = ['syntax = "proto3";', f"package d{self.domain};", ""]
        if not self.is_common:
            lines += [f'import "d{self.domain}/common.proto";', ""]
        lines.append(f"message {name} {{")
        for at, (field, kind) in enumerate(self.fields):
            kind = "bool" if broken and at == 1 else types[kind]
            lines += [f"  // The {field}.", f"  {kind} {field} = {at + 1};"]
        if not self.is_common:
            lines.append("  Common owner = 100;")
        return "\n".join(lines + ["}"]) + "\n"

    def json(self, broken):
        types = ["integer", "string", "number"]
        properties = {field: {"type": types[kind], "description": f"the {field}"}
                      for field, kind in self.fields}
        if broken:
            properties[self.fields[1][0]]["maxLength"] = 5
        if not self.is_common:
            properties["owner"] = {"$ref": "common.json"}
        # A closed one may gain properties.
        return json.dumps({"$schema": "http://json-schema.org/draft-07/schema#", "type": "object",
                           "properties": properties, "additionalProperties": False}, indent=2) + "\n"


def git(*args):
    person = ["-c", "user.name=bench", "-c", "user.email=bench@example.com", "-c", "gc.auto=0"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    subprocess.run(["git", *person, *args], check=True, stdout=subprocess.DEVNULL, env=environment)


def write(schemas, broken=()):
    for schema in schemas:
        path = Path(schema.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(schema.text(schema in broken))


def commit(message):
    git("add", "--all")
    git("commit", "--quiet", "--message", message)


def make():
    chance = random.Random(12)
    kinds = [("avro", AVRO), ("proto", PROTO), ("json", JSON)]
    schemas = [Schema(kind, domain, number) for domain in range(DOMAINS)
               for kind, count in kinds for number in range(count)]
    git("init", "--quiet", "--initial-branch=main")
    Path("levada.toml").write_text(SETTINGS)
    write(schemas)
    commit("all schemas")
    things = [schema for schema in schemas if not schema.is_common]
    for number in range(1, COMMITS - AFTER):
        grown = chance.sample(things, 15)
        for schema in grown:
            schema.grow()
        write(grown)
        commit(f"change {number}")
    git("switch", "--quiet", "--create", "branch")
    git("switch", "--quiet", "main")
    for number in range(AFTER):
        write([chance.choice(things)], things)
        commit(f"main goes on {number}")
    git("switch", "--quiet", "branch")
    chosen = chance.sample(things, CHANGED)
    planted = []
    for kind, _ in kinds:
        left = [schema for schema in things if schema.kind == kind and schema not in chosen]
        planted += chance.sample(left, 4)
    for schema in chosen:
        schema.grow()
    write(chosen + planted, planted)
    commit("changes of the branch")
    return len(schemas), sorted(schema.path for schema in planted)


def timed(command, runs):
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        times.append((time.perf_counter() - start) * 1000)
    return done, times


def main():
    levada = str(Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        count, planted = make()
        commits = subprocess.run(["git", "rev-list", "--count", "main"], stdout=subprocess.PIPE, text=True)
        command = [levada, "check", "--against", ".git#branch=main", "--format", "json"]
        done, times = timed(command, RUNS)
        report = json.loads(done.stdout)
        found = sorted(finding["new"]["file"] for finding in report["findings"])
        print(f"{count} schemas, {commits.stdout.strip()} commits on main, {len(planted)} breaks planted")
        print(f"found {len(found)}, exit code {done.returncode}, summary {report['summary']}")
        if found != planted or done.returncode != 1:
            print("planted:", *planted, "found:", *found, done.stderr.decode(), sep="\n  ")
            sys.exit(1)
        print(f"check, warm, {RUNS} runs: best {min(times):.0f} ms, median {statistics.median(times):.0f} ms, "
              f"worst {max(times):.0f} ms")
        _, times = timed([levada, "--version"], 100)
        print(f"start-up (--version), 100 runs: best {min(times):.1f} ms, "
              f"median {statistics.median(times):.1f} ms")
        os.chdir("/")


if __name__ == "__main__":
    main()
