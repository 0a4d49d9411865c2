"""Runs a kit and holds its failures against the list of known ones."""
import argparse
import re
import subprocess
import sys


def known_failures(path):
    """Case ids of a file with lines `ID  reason`; blank lines and comments are free."""
    with open(path, encoding="utf-8") as lines:
        return {line.split()[0] for line in lines if line.strip() and not line.startswith("#")}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--known", required=True, help="file of known failures")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="the kit: a script and its arguments")
    args = parser.parse_args()
    kit = subprocess.run([sys.executable, *args.command], capture_output=True, text=True, check=False)
    sys.stderr.write(kit.stderr)
    failed = set(re.findall(r"^FAIL (\S+)", kit.stdout, re.MULTILINE))
    known = known_failures(args.known)
    for line in kit.stdout.splitlines():
        case = re.match(r"FAIL (\S+)", line)
        if case and case.group(1) not in known:
            print(line)
    for case in sorted(known - failed):
        print(f"STALE {case} is listed as a known failure and passes")
    last = kit.stdout.strip().rsplit("\n", 1)[-1]
    if not re.fullmatch(r"\d+ passed, \d+ failed", last):
        print(kit.stdout[-2000:])
        sys.exit("the kit did not finish")
    print(f"{last} ({len(failed & known)} of them known)")
    sys.exit(1 if failed != known else 0)


if __name__ == "__main__":
    main()
