"""From what was measured to tables, a plot and RESULTS.md.

A result is a dict with what was measured of one work on one trace: part, trace, work,
events, bytes, seconds (a list, one for each round), peak_bytes, and cpu_seconds where they
are of the work alone; if there is a peer, the same of it under peer_...; and axis and size
for traces that are one size of several.
"""

import json
import math

MB = 1_000_000


def geomean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def derived(result):
    """The numbers that follow from a result. The fastest round counts: what disturbs a
    program only ever makes it slower."""
    best = min(result["seconds"])
    found = {
        "ns_per_event": best / result["events"] * 1e9,
        "events_per_second": result["events"] / best,
        "bytes_per_second": result["bytes"] / best,
    }
    if "peer_seconds" in result:
        theirs = min(result["peer_seconds"])
        found["peer_ns_per_event"] = theirs / result["events"] * 1e9
        found["ratio"] = theirs / best
    if "peer_cpu_seconds" in result:
        found["cpu_ratio"] = result["peer_cpu_seconds"] / result["cpu_seconds"]
    return found


def table(head, rows, texts=1):
    """Lines of a Markdown table, aligned; the first columns are texts, the others numbers."""
    rows = [[str(cell) for cell in row] for row in [head, *rows]]
    widths = [max(map(len, column)) for column in zip(*rows)]
    rows.insert(1, ["-" * width if n < texts else "-" * (width - 1) + ":"
                    for n, width in enumerate(widths)])
    return ["| " + " | ".join(cell.ljust(width) if n < texts else cell.rjust(width)
                              for n, (cell, width) in enumerate(zip(row, widths))) + " |"
            for row in rows]


def decimals(value, unit=""):
    """Three digits or so; "-" for no value."""
    if value is None:
        return "-"
    # Rounded first: 9.999 is 10.0.
    digits = int(math.log10(float(f"{value:.3g}"))) if value else 0
    return f"{value:,.{min(max(0, 2 - digits), 3)}f}{unit}"


def millions(value):
    """Of bytes, MB."""
    return "-" if value is None else decimals(value / MB)


def unique(values):
    return list(dict.fromkeys(values))


def section(title, lines):
    return [f"## {title}", "", *lines, ""]


def works_part(results):
    works, traces = unique(r["work"] for r in results), unique(r["trace"] for r in results)
    numbers = {(r["work"], r["trace"]): {**r, **derived(r)} for r in results}

    def over(work, field, by):
        values = [numbers[work, trace].get(field) for trace in traces if (work, trace) in numbers]
        return by(values) if values and None not in values else None

    yield from section("Geometric means over all traces", table(
        ["work", "ns an event", "M events/s", "times as fast as Go", "by CPU time", "most MB",
         "Go's most MB"],
        [[work, decimals(over(work, "ns_per_event", geomean)),
          millions(over(work, "events_per_second", geomean)),
          decimals(over(work, "ratio", geomean), "x"),
          decimals(over(work, "cpu_ratio", geomean), "x"),
          millions(over(work, "peak_bytes", max)), millions(over(work, "peer_peak_bytes", max))]
         for work in works]))
    compared = [work for work in works if over(work, "ratio", geomean) is not None]
    if compared:
        yield from section("Times as fast as Go", table(
            ["work", *traces],
            [[work, *(decimals(numbers.get((work, trace), {}).get("ratio"), "x")
                      for trace in traces)]
             for work in compared]))
    yield from section("Each work on each trace", table(
        ["trace", "work", "events", "MB", "M events/s", "ns an event", "MB/s", "peak MB",
         "Go's ns an event", "Go's peak MB", "times as fast"],
        [[trace, work, f"{n['events']:,}", millions(n["bytes"]), millions(n["events_per_second"]),
          decimals(n["ns_per_event"]), millions(n["bytes_per_second"]), millions(n["peak_bytes"]),
          decimals(n.get("peer_ns_per_event")), millions(n.get("peer_peak_bytes")),
          decimals(n.get("ratio"), "x")]
         for trace in traces for work in works if (n := numbers.get((work, trace)))], texts=2))


def old_part(results):
    yield from section("Traces before Go 1.22", table(
        ["trace", "work", "events", "MB", "ns an event", "peak MB", "Go's ns an event",
         "Go's peak MB", "times as fast", "by CPU time", "part of Go's memory"],
        [[r["trace"], r["work"], f"{r['events']:,}", millions(r["bytes"]),
          decimals(n["ns_per_event"]), millions(r["peak_bytes"]),
          decimals(n.get("peer_ns_per_event")), millions(r.get("peer_peak_bytes")),
          decimals(n.get("ratio"), "x"), decimals(n.get("cpu_ratio"), "x"),
          f"1/{r['peer_peak_bytes'] / r['peak_bytes']:.1f}" if "peer_peak_bytes" in r else "-"]
         for r in results for n in [derived(r)]], texts=2))


def by_axis(results):
    """(axis, its results from the smallest, with what is derived from them)."""
    for axis in unique(r["axis"] for r in results):
        yield axis, sorted(({**r, **derived(r)} for r in results if r["axis"] == axis),
                           key=lambda r: r["size"])


def scaling_part(results):
    for axis, sizes in by_axis(results):
        least = sizes[0]

        def growth(result, field):
            return decimals(result[field] / least[field], "x") if field in result else "-"

        yield from section(f"Cost by number of {axis}", table(
            [axis, "events", "ns an event", "of the first", "Go's ns an event", "of the first",
             "times as fast", "peak MB", "Go's peak MB"],
            [[f"{r['size']:,}", f"{r['events']:,}", decimals(r["ns_per_event"]),
              growth(r, "ns_per_event"), decimals(r.get("peer_ns_per_event")),
              growth(r, "peer_ns_per_event"), decimals(r.get("ratio"), "x"),
              millions(r["peak_bytes"]), millions(r.get("peer_peak_bytes"))] for r in sizes]))


def length_part(results):
    yield from section("Memory by length of the trace", table(
        ["work", "MB of trace", "ns an event", "peak MB", "Go's ns an event", "Go's peak MB",
         "times as fast"],
        [[r["work"], millions(r["bytes"]), decimals(n["ns_per_event"]), millions(r["peak_bytes"]),
          decimals(n.get("peer_ns_per_event")), millions(r.get("peer_peak_bytes")),
          decimals(n.get("ratio"), "x")]
         for r in sorted(results, key=lambda r: (r["work"], r["bytes"])) for n in [derived(r)]]))


PARTS = {"works": works_part, "old": old_part, "scaling": scaling_part, "length": length_part}


def markdown(results):
    lines = []
    for part, lines_of in PARTS.items():
        chosen = [r for r in results if r["part"] == part]
        if chosen:
            lines += lines_of(chosen)
    return lines


def load(path):
    """(machine, results) of a file of JSON lines."""
    with open(path, encoding="utf-8") as f:
        first, *rest = map(json.loads, f)
    return first, rest


def plot(results, path):
    """Three pictures: speed against Go's reader, cost by size, memory by length."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "tracereader"
    from matplotlib import pyplot

    figure, (speed, cost, memory) = pyplot.subplots(1, 3, figsize=(14, 4.2), layout="constrained")

    compared = [r for r in results if r["part"] == "works" and "peer_seconds" in r]
    works = unique(r["work"] for r in compared)
    for trace in unique(r["trace"] for r in compared):
        chosen = [r for r in compared if r["trace"] == trace]
        speed.plot([derived(r)["ratio"] for r in chosen], [works.index(r["work"]) for r in chosen],
                   "o", label=trace, markersize=5)
    means = [geomean([derived(r)["ratio"] for r in compared if r["work"] == work])
             for work in works]
    speed.set_xscale("log")
    speed.barh(range(len(works)), [mean - 1 for mean in means], left=1, color="#dddddd", zorder=0)
    speed.set_yticks(range(len(works)), works)
    speed.invert_yaxis()
    speed.axvline(1, color="black", linewidth=0.8)
    speed.set_title("times as fast as Go's reader (bar: mean)")
    if compared:
        speed.legend(fontsize="small", loc="lower right")

    scaled = [r for r in results if r["part"] == "scaling"]
    for n, (axis, sizes) in enumerate(by_axis(scaled)):
        for field, name, style in ("ns_per_event", "", "o-"), ("peer_ns_per_event", ", Go", "o:"):
            if field in sizes[0]:
                cost.loglog([r["size"] for r in sizes], [r[field] for r in sizes], style,
                            color=f"C{n}", label=axis + name, markersize=4)
    cost.set_title("ns an event by number of threads, goroutines")
    if scaled:
        cost.legend(fontsize="small")

    lengths = [r for r in results if r["part"] == "length"]
    for n, work in enumerate(unique(r["work"] for r in lengths)):
        sizes = sorted((r for r in lengths if r["work"] == work), key=lambda r: r["bytes"])
        for field, name, style in ("peak_bytes", "", "o-"), ("peer_peak_bytes", ", Go", "o:"):
            if field in sizes[0]:
                memory.loglog([r["bytes"] / MB for r in sizes], [r[field] / MB for r in sizes],
                              style, color=f"C{n}", label=work + name, markersize=4)
    memory.set_title("peak memory in MB by MB of trace")
    if lengths:
        memory.legend(fontsize="small")
    figure.savefig(path, metadata={"Date": None})


HEAD = """\
# Results

Made by `make bench BENCH=--write`; see [CONTRIBUTING.md](../CONTRIBUTING.md). Times are the
least of {rounds} rounds, in which all programs took turns. Go's reader is
`golang.org/x/exp/trace`, in `tests/oracle/cmd/reference`; Python loops are compared with its
plain loop over all events. The varint scan is a floor: a loop over each varint of the events,
and nothing else.

{machine}

![Speed, scaling and memory](results.svg)
"""


def write(machine, results, folder):
    """Write RESULTS.md and the plot."""
    about = table(["", ""], [[key, value] for key, value in machine["machine"].items()], texts=2)
    text = HEAD.format(rounds=machine["rounds"], machine="\n".join(about))
    (folder / "RESULTS.md").write_text("\n".join([text, *markdown(results)]).rstrip() + "\n",
                                       encoding="utf-8")
    plot(results, folder / "results.svg")
