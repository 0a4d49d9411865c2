"""The results of benches/broker.py as tables in Markdown."""
import json

OURS, KAFKA = "levada, broker alone", "Apache Kafka"


def markdown(path):
    """Of every cell the latest result."""
    latest = {}
    for line in path.read_text().splitlines():
        result = json.loads(line)
        latest[result["cell"]] = result
    blocks = []
    for what in ["produce", "consume"]:
        blocks += throughput(what, [one for one in latest.values() if "acks=" in one["cell"]])
    blocks += synced([one for one in latest.values() if one["cell"].startswith("synced")])
    blocks += latency([one for one in latest.values() if one["cell"].startswith("latency")])
    for name, table in [("start-up", start_up), ("scale", scale), ("long log", long_log)]:
        if name in latest:
            blocks += table(latest[name])
    measured = sorted({f"commit {one['commit']}, Apache Kafka {one['kafka']}, {one['machine']}"
                       for one in latest.values()})
    return "\n".join([*measured, "", *blocks])


def table(heads, rows):
    rule = ["---", *["---:"] * (len(heads) - 1)]
    lines = [" | ".join(row) for row in [heads, rule, *rows]]
    return [*(f"| {line} |" for line in lines), ""]


def figure(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def throughput(what, results):
    rows = []
    for result in results:
        brokers = {name: row[what] for name, row in result["brokers"].items() if what in row}
        if not brokers:
            continue
        bare = next((one for name, one in brokers.items() if name.startswith("bare")), None)
        ours, kafka = brokers[OURS], brokers[KAFKA]
        rate = {name: one["messages"] / one["seconds"] for name, one in brokers.items()}
        row = [result["cell"]]
        for one in [ours, kafka, bare]:
            row += [f"{one['messages'] / one['seconds'] / 1000:,.0f}", f"{one['cpu_us']:.3f}"] if one else ["", ""]
        row += [f"{rate[OURS] / rate[KAFKA]:.2f}", f"{ours['cpu_us'] / kafka['cpu_us']:.2f}"]
        row += [f"{ours['seconds'] and bare['seconds'] / ours['seconds']:.2f}"] if bare else [""]
        rows.append(row)
    if not rows:
        return []
    heads = [what, "levada, 1,000 a second", "µs of CPU each", "Apache Kafka", "µs", "bare", "µs",
             "rate to Kafka's", "CPU to Kafka's", "rate to bare's"]
    return table(heads, rows)


def synced(results):
    rows = [[f"{result['cell']}: {name}", f"{row['produce']['messages'] / row['produce']['seconds'] / 1000:,.0f}",
             f"{row['produce']['cpu_us']:.3f}"]
            for result in results for name, row in result["brokers"].items()]
    return table(["produce, synced before every answer", "1,000 a second", "µs of CPU each"], rows) if rows else []


def latency(results):
    rows = []
    for result in results:
        for name, row in result["brokers"].items():
            rows.append([f"{result['cell']}: {name}", f"{row['p50_ms']:.2f}", f"{row['p99_ms']:.2f}"])
    return table(["end to end, ms", "p50", "p99"], rows) if rows else []


def start_up(result):
    def joined(values):
        return ", ".join(f"{value:,.0f}" if value >= 100 else f"{value:.1f}" for value in values)
    rows = [[name, joined(row["ready_ms"]), joined(row["idle_mib"])]
            for name, row in result["brokers"].items()]
    return table(["start and memory", "first answer after, ms", "memory after 3 s idle, MiB"], rows)


def scale(result):
    row = result["brokers"][OURS]
    held = row["filled"]
    rows = [
        ["empty", "", "", "", figure(row["empty_ready_ms"]), *times(row["empty"]), ""],
        [f"filled, {held['groups']} groups", figure(held["partitions"]), figure(held["connections"]),
         figure(held["rss_mib"]), "", *times(held["latency"]), figure(row["stop_ms"])],
        ["started again", figure(held["partitions"]), "", figure(row["again_rss_mib"]),
         figure(row["ready_ms"]), *times(row["again"]), figure(row["again_stop_ms"])],
    ]
    return table(["scale", "partitions", "connections", "memory, MiB", "first answer after, ms",
                  "p50, ms", "p99, ms", "stopped after, ms"], rows)


def times(latency):
    return [figure(latency["p50_ms"]), figure(latency["p99_ms"])]


def long_log(result):
    row = result["brokers"][OURS]
    rows = [[name, ", ".join(f"{one:.0f}" for one in row[key])] for name, key in [
        (f"{row['segments']} segments of 1 MiB", "short_ms"),
        (f"the same of 1 GiB, {row['bytes'] / 2**30:.0f} GiB", "long_ms")]]
    return table(["length of the log", "first answer after, ms"], rows)
