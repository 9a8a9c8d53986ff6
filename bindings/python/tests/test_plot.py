"""Plots: what is drawn is what a plain count of the events gives; nothing is rendered."""

import bisect
import collections
import contextlib
import io
import subprocess
import sys
import warnings

import pytest
import tracereader
from corpus import trace_bytes
from tracereader import plot

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
plt = pytest.importorskip("matplotlib.pyplot")
np = pytest.importorskip("numpy")

Interval = collections.namedtuple("Interval", "resource id state start end reason open")


@pytest.fixture(scope="module")
def shop():
    with tracereader.open(trace_bytes("go1.26-shop")) as trace:
        yield trace


@pytest.fixture(autouse=True)
def figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def intervals(shop):
    """Each stretch of a goroutine or proc in a state, of the events, one by one."""
    under_way, found = {}, []
    events = list(shop)
    first, last = events[0].time, events[-1].time
    for ev in events:
        if ev.kind != "StateTransition":
            continue
        key = str(ev.resource), ev.resource_id
        before = under_way.get(key)
        if before and ev.from_state == ev.to_state:
            continue
        if before:
            state, start, reason, is_open = before
            found.append(Interval(*key, state, start, ev.time, reason, is_open))
        unknown = ev.from_state == "Undetermined"
        under_way[key] = str(ev.to_state), first if unknown else ev.time, ev.reason, unknown
    for key, (state, start, reason, _) in under_way.items():
        found.append(Interval(*key, state, start, last, reason, True))
    return [i for i in found if i.state != "NotExist"]


def layers(ax):
    """What `stairs` drew, by label."""
    return {patch.get_label(): patch.get_data() for patch in ax.patches}


def means(found, edges):
    """How many intervals there are in each bin, on average, one by one."""
    answer = [0.0] * (len(edges) - 1)
    for i in found:
        bin = max(bisect.bisect_right(edges, i.start) - 1, 0)
        while bin < len(answer) and edges[bin] < i.end:
            both = min(i.end, edges[bin + 1]) - max(i.start, edges[bin])
            answer[bin] += max(both, 0) / (edges[bin + 1] - edges[bin])
            bin += 1
    return answer


def edges_of(trace, bins, start=None, end=None):
    start = trace.info.start_ns if start is None else start
    end = trace.info.end_ns if end is None else end
    return [start + (end - start) * i // bins for i in range(bins + 1)]


# What they have in common.

ALL = [getattr(plot, name) for name in plot.__all__]


@pytest.mark.parametrize("draw", ALL)
def test_axes(draw, shop):
    figure, (left, right) = plt.subplots(1, 2)
    assert draw(shop, ax=right) is right
    assert not left.has_data() and right.has_data()
    assert plt.get_fignums() == [figure.number]
    assert right.get_xlabel() and right.get_title(loc="left")
    ax = draw(shop)
    assert ax.figure is not figure
    assert len(ax.figure.axes) == 1
    ax.figure.savefig(io.BytesIO())


@pytest.mark.parametrize("name", ["go1.26-idle", "go1.22-annotations", "go1.21-legacy"])
@pytest.mark.parametrize("draw", ALL)
def test_all_kinds_of_traces(draw, name):
    with tracereader.open(trace_bytes(name)) as trace:
        draw(trace).figure.savefig(io.BytesIO())


@pytest.mark.parametrize("draw", ALL)
def test_broken(draw, broken):
    with tracereader.open(broken) as trace, pytest.raises(tracereader.TraceError):
        draw(trace)


@pytest.mark.parametrize("draw", [*ALL, lambda trace: plot.blocking(trace, "stack")])
def test_what_is_left_is_warned_of_once(draw, broken):
    with tracereader.open(broken, strict=False) as trace, warnings.catch_warnings(record=True) as w:
        warnings.simplefilter("always")
        draw(trace)
    assert [str(warning.message).count("what is left") for warning in w] == [1]
    assert w[0].filename == __file__


def test_what_is_left_of_a_piece(tmp_path, broken):
    path = tmp_path / "broken.trace"
    path.write_bytes(broken)
    (piece,) = tracereader.splits(path)
    with pytest.warns(UserWarning, match="broken.trace: the result is of what is left"):
        plot.latency(tracereader.read_split(piece, table="ranges", strict=False))


@pytest.mark.parametrize("draw", [plot.states, plot.processors])
def test_many_bins(draw, shop):
    """What is done for each bin is not done in Python."""

    def calls(bins):
        made = []
        sys.setprofile(lambda frame, event, arg: made.append(event))
        try:
            draw(shop, bins=bins)
        finally:
            sys.setprofile(None)
        return len(made)

    calls(10)
    assert calls(5000) < calls(50) + 2000


@pytest.mark.parametrize("draw", [plot.states, plot.processors, plot.timeline])
def test_windows(draw, shop):
    start = shop.info.start_ns
    ax = draw(shop, start=start + 10_000_000, end=start + 30_000_000)
    assert ax.get_xlabel() == "time since the trace began (ms)"
    assert ax.get_xlim() == pytest.approx((10, 30))
    for wrong in ({"start": start + 5, "end": start + 5}, {"bins": 0}):
        with pytest.raises(ValueError):
            draw(shop, **wrong)


def test_arguments_of_another_kind(shop):
    for top in (0, -1):
        with pytest.raises(ValueError, match="top must be at least 1"):
            plot.timeline(shop, top=top)
    for other in ("my.trace", None):
        with pytest.raises(TypeError, match=f"durations in .*, not {type(other).__name__}"):
            plot.latency(other)
    for wrong, what in ((["1"], "str"), (1.5, "float")):
        with pytest.raises(TypeError, match=f"a goroutine must be a whole number, not {what}"):
            plot.timeline(shop, wrong)
    for draw in (plot.states, plot.processors, plot.timeline):
        with pytest.raises(TypeError, match="bins must be a whole number, not float"):
            draw(shop, bins=1.5)
    for draw in (plot.blocking, plot.states, plot.processors, plot.timeline):
        for other in ("shop.trace", tracereader.scan([])):
            with pytest.raises(TypeError, match=f"one Trace, not a {type(other).__name__}"):
                draw(other)
    for draw in ALL:
        for which in ("start", "end"):
            with pytest.raises(TypeError, match=f"{which} must be a whole number, not float"):
                draw(shop, **{which: 1.5})


@pytest.mark.parametrize("draw", ALL)
def test_a_trace_of_no_time(draw):
    with tracereader.open(b"go 1.26 trace\0\0\0") as trace:
        ax = draw(trace)
    ax.figure.savefig(io.BytesIO())
    assert all(not sum(data.values) for data in layers(ax).values())


def test_importing_it_does_not_import_matplotlib():
    code = "import sys, tracereader; tracereader.plot; print('matplotlib' in sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout == "False\n"


def test_what_is_missing_is_told(shop, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match="matplotlib"):
        plot.blocking(shop)


def test_long_names_leave_room(shop, monkeypatch, tmp_path):
    """They are shortened in the middle: of paths and functions the end tells most."""
    folder = tmp_path / ("runs-" * 40)
    folder.mkdir()
    for name in ("a.trace", "b.trace"):
        (folder / name).write_bytes(trace_bytes("go1.26-annotations"))
    name_of = {id: f"{'x' * 99}.func{id}" for id in range(10_000)}
    monkeypatch.setattr(plot, "_names", lambda trace, by, ids: name_of)
    scanned = tracereader.scan(folder / "*.trace")
    legend = plot.latency(scanned.intervals(), "source")
    for ax, labels in (
        (legend, [text.get_text().split(":")[0] for text in legend.get_legend().get_texts()]),
        *(
            (ax, [label.get_text() for label in ax.get_yticklabels()])
            for ax in (plot.blocking(shop, "task", top=3), plot.timeline(shop, [1, 27]))
        ),
    ):
        ax.figure.canvas.draw()
        assert ax.get_position().width > 0.35
        assert len(labels) == len(set(labels)) and max(map(len, labels)) == 56, labels
    starts = {label.partition("…")[0] for label in labels}
    assert labels[1].endswith(".func27 27") and starts == {"x" * 27}


def test_names_that_matplotlib_would_take_for_more(shop, monkeypatch):
    """A formula, a label that is kept out of the legend, line ends; and the name of the rest."""
    names = ["a $\\frac$ b", "$5", "_init", "two\nlines", "other", "few", "fewer"]
    groups = {name: np.arange(1, 20 - i) for i, name in enumerate(names)}
    monkeypatch.setattr(plot, "_durations", lambda *_: (groups, "Durations"))
    ax = plot.latency(shop, "type", top=5)
    ax.figure.canvas.draw()
    labels = [text.get_text().partition("\n")[0] for text in ax.get_legend().get_texts()]
    assert labels == [
        "a \\$\\frac\\$ b: 19",
        "\\$5: 18",
        " _init: 17",
        "two\ufffdlines: 16",
        "other: 15",
        "other: 27",
    ]


# Each of them.


def names_of(trace, by):
    """What ids are called, from the events."""
    names = {}
    for ev in trace:
        if by == "task" and ev.kind == "TaskBegin":
            names[ev.task] = f"{ev.type} {ev.task}"
        stack = ev.transition_stack
        if by == "goroutine" and stack and ev.resource == "Goroutine":
            names.setdefault(ev.resource_id, f"{stack[-1].function} {ev.resource_id}")
    return names


@pytest.mark.parametrize("by", ["reason", "function", "goroutine", "task"])
@pytest.mark.parametrize("value", ["time", "count"])
def test_blocking(shop, by, value):
    ax = plot.blocking(shop, by, value=value, top=5)
    rows = [(row[0], row.total_ns if value == "time" else row.count) for row in shop.blocking(by)]
    rows.sort(key=lambda row: -row[1])
    unit = {"(s)": 10**9, "(ms)": 10**6}.get(ax.get_xlabel().split()[-1], 1)
    assert (unit == 1) == (value == "count")
    amounts = [amount for _, amount in rows]
    wanted = [*amounts[:5], sum(amounts[5:])]
    assert [bar.get_width() * unit for bar in ax.patches] == pytest.approx(wanted)
    labels = [label.get_text() for label in ax.get_yticklabels()]
    names = names_of(shop, by) | dict.fromkeys((None, 0), f"(no {by})")
    wanted = [names.get(key, key) for key, _ in rows[:5]]
    assert labels == [*wanted, f"other ({len(rows) - 5})"]
    shares = [text.get_text() for text in ax.texts]
    assert shares[:5] == [f"{amount / sum(amounts):.1%}" for amount in amounts[:5]]


def test_blocking_of_few(shop):
    # A bar "other" for one would be no less.
    reasons = len(shop.blocking())
    assert len(plot.blocking(shop, top=reasons - 1).patches) == reasons
    assert len(plot.blocking(shop, top=reasons - 2).patches) == reasons - 1
    for draw in (plot.blocking, plot.latency):
        for end in (10, 5):
            with pytest.raises(ValueError, match="no time between start and end"):
                draw(shop, start=10, end=end)
    for wrong in ({"value": "money"}, {"by": "weather"}, {"top": 0}):
        with pytest.raises(ValueError):
            plot.blocking(shop, **wrong)


def histogram(durations, edges):
    bounds = zip(edges, edges[1:])
    return [sum(low <= max(ns, 1) < high for ns in durations) for low, high in bounds]


def check_histogram(data, durations, per):
    edges = data.edges * per
    # Ten bins to each power of ten, and none that is left out.
    assert np.diff(np.log10(edges)) == pytest.approx([0.1] * (len(edges) - 1))
    assert list(data.values) == histogram(durations, edges)
    assert sum(data.values) == len(durations)


def test_latency_of_scheduling(shop, intervals):
    waits = [
        i.end - i.start
        for i in intervals
        if i.resource == "Goroutine" and i.state == "Runnable" and not i.open
    ]
    ax = plot.latency(shop)
    assert (ax.get_xscale(), ax.get_xlabel()) == ("log", "duration (ns)")
    ((label, data),) = layers(ax).items()
    check_histogram(data, waits, 1)
    assert label.startswith(f"all: {len(waits):,}\n")


def test_latency_by_reason(shop, intervals):
    waits = collections.defaultdict(list)
    for i in intervals:
        if i.resource == "Goroutine" and i.state == "Waiting" and not i.open:
            waits[i.reason].append(i.end - i.start)
    ax = plot.latency(shop, "reason", state="Waiting", top=3)
    assert ax.get_xlabel() == "duration (µs)"
    order = sorted(waits, key=lambda reason: -len(waits[reason]))
    wanted = {reason: waits[reason] for reason in order[:3]}
    wanted["other"] = [ns for reason in order[3:] for ns in waits[reason]]
    found = layers(ax)
    assert [label.partition(":")[0] for label in found] == list(wanted)
    for data, durations in zip(found.values(), wanted.values()):
        check_histogram(data, durations, 1000)
    window = shop.info.start_ns + 100_000_000, shop.info.start_ns + 200_000_000
    ax = plot.latency(shop, state="Waiting", start=window[0], end=window[1])
    count = sum(
        i.resource == "Goroutine"
        and i.state == "Waiting"
        and not i.open
        and window[0] <= i.start
        and i.end < window[1]
        for i in intervals
    )
    assert sum(sum(data.values) for data in layers(ax).values()) == count


def test_latency_of_tasks_and_numbers(shop):
    began, took = {}, []
    for ev in shop:
        if ev.kind == "TaskBegin":
            began[ev.task] = ev.time
        elif ev.kind == "TaskEnd" and ev.task in began:
            took.append(ev.time - began[ev.task])
    (data,) = layers(plot.latency(shop.tasks())).values()
    assert sum(data.values) == len(took)
    numbers = [0, 1, 999, 1000, 10**6, 123_456_789]
    (data,) = layers(plot.latency(numbers)).values()
    check_histogram(data, numbers, 1)
    (data,) = layers(plot.latency(number for number in numbers)).values()
    check_histogram(data, numbers, 1)
    assert not plot.latency([]).patches
    for wrong in ({"by": "reason", "source": numbers}, {"source": shop.strings()}):
        with pytest.raises(ValueError):
            plot.latency(**wrong)
    for table in (shop.tasks(), shop.tasks(columns="duration")):
        with pytest.raises(ValueError, match="no column reason"):
            plot.latency(table, "reason")
    with pytest.raises(ValueError):
        plot.latency(shop, state="Asleep")


@pytest.mark.filterwarnings("ignore:.*what is left")
def test_latency_of_what_began_and_ended(tmp_path):
    """Also if the table is without the columns that tell it."""
    file = tmp_path / "cut.trace"
    file.write_bytes(trace_bytes("go1.26-cut-middle"))
    with tracereader.open(file, strict=False) as trace:
        began_and_ended = {ev.task for ev in until_error(trace) if ev.kind == "TaskBegin"}
        began_and_ended &= {ev.task for ev in until_error(trace) if ev.kind == "TaskEnd"}
        assert trace.tasks().count() > len(began_and_ended) > 0
        for source in (trace, tracereader.scan(file, strict=False)):
            for columns in (["duration"], ["duration", "open_end"], None):
                table = source.tasks(columns=columns)
                (data,) = layers(plot.latency(table)).values()
                assert sum(data.values) == len(began_and_ended)


def until_error(trace):
    with contextlib.suppress(tracereader.TraceError):
        yield from trace


def test_latency_arguments_that_do_not_fit(shop):
    for source in (shop.tasks(), [1, 2]):
        for which in ({"start": 0}, {"end": 10**18}, {"state": "Runnable"}):
            with pytest.raises(ValueError, match=f"{next(iter(which))}.*of a Trace"):
                plot.latency(source, **which)
    for wrong in ([10**19], [10**30], [-(10**19)], [1.0, float("nan")], [float("inf")]):
        with pytest.raises(ValueError, match="durations must be .*nanoseconds"):
            plot.latency(wrong)
    for wrong in ([None], [1, object()], [[1], [2, 3]], [[1, 2], [3, 4]], ["long"]):
        with pytest.raises((TypeError, ValueError), match="durations must be .*nanoseconds"):
            plot.latency(wrong)


@pytest.mark.parametrize("draw", ALL)
def test_no_axes(draw, shop):
    with pytest.raises(TypeError, match="ax must be axes of matplotlib, not int"):
        draw(shop, ax=5)


def test_latency_by_what_not_all_have(shop):
    """Rows without a value are one group; what stands for none in arrays is not shown."""
    for by, source in (("parent", shop.tasks()), ("scope_id", shop.ranges())):
        groups = [label.partition(":")[0] for label in layers(plot.latency(source, by))]
        assert "(none)" in groups and not {"-1", str(2**64 - 1)} & set(groups)


def test_states(shop, intervals):
    edges = edges_of(shop, 37)
    ax = plot.states(shop, ["Running", "Runnable", "Waiting"], bins=37)
    assert "14" in ax.get_ylabel()  # ms
    below = np.zeros(37)
    for label, data in layers(ax).items():
        wanted = means([i for i in intervals if i[0] == "Goroutine" and i.state == label], edges)
        assert data.baseline == pytest.approx(below)
        assert data.values - data.baseline == pytest.approx(wanted)
        assert data.edges == pytest.approx([(edge - edges[0]) / 1e6 for edge in edges])
        below = data.values
    with pytest.raises(ValueError):
        plot.states(shop, ["Asleep"])
    (only,) = layers(plot.states(shop, "Running"))
    assert only == "Running"


def test_states_in_a_window(shop, intervals):
    start = shop.info.start_ns + 40_000_000
    edges = edges_of(shop, 11, start, start + 10_000_001)
    ax = plot.states(shop, ["Waiting"], bins=11, start=start, end=start + 10_000_001)
    (data,) = layers(ax).values()
    wanted = means([i for i in intervals if i[0] == "Goroutine" and i.state == "Waiting"], edges)
    assert data.values == pytest.approx(wanted)
    # There are no more bins than nanoseconds.
    (data,) = layers(plot.states(shop, ["Waiting"], start=start, end=start + 5)).values()
    assert len(data.values) == 5


def test_processors(shop, intervals):
    edges = edges_of(shop, 25)
    found = layers(plot.processors(shop, bins=25))
    running = means([i for i in intervals if i[0] == "Goroutine" and i.state == "Running"], edges)
    in_use = means([i for i in intervals if i[0] == "Proc" and i.state == "Running"], edges)
    assert found["running goroutines"].values == pytest.approx(running)
    assert found["in the runtime"].values == pytest.approx(np.maximum(in_use, running))
    assert set(found["GOMAXPROCS"].values) == {2}
    assert max(in_use) <= 2


def test_gomaxprocs_changes():
    """It is the mean of each bin too: no more processors are in use than the line allows."""
    with tracereader.open(trace_bytes("go1.26-procs")) as trace:
        told = [
            (ev.time, ev.value)
            for ev in trace
            if ev.kind == "Metric" and ev.name == "/sched/gomaxprocs:threads"
        ]
        first, last = trace.info.start_ns, trace.info.end_ns
        begins = [first, *(time for time, _ in told[1:])]
        spans = list(zip(begins, [*begins[1:], last], [value for _, value in told]))
        for bins, start in ((1, None), (7, None), (1000, None), (9, last - (last - first) // 3)):
            edges = edges_of(trace, bins, start)
            wanted = [
                sum(max(min(end, right) - max(begin, left), 0) * value for begin, end, value in spans)
                / (right - left)
                for left, right in zip(edges, edges[1:])
            ]
            found = layers(plot.processors(trace, bins=bins, start=start))
            line = found["GOMAXPROCS"].values
            assert line == pytest.approx(wanted)
            assert all(found["in the runtime"].values <= line + 1e-9)


def boxes(ax):
    """(row, state, left, right) of what a timeline drew."""
    found = []
    for shapes in ax.collections:
        for path in shapes.get_paths():
            (left, low), (right, high) = path.vertices.min(axis=0), path.vertices.max(axis=0)
            assert high - low == pytest.approx(0.8)
            found.append((round((low + high) / 2), shapes.get_label(), left, right))
    return sorted(found)


def test_timeline(shop, intervals):
    ids = [1, 27, 3]
    ax = plot.timeline(shop, ids, bins=10**6)
    first = shop.info.start_ns
    wanted = sorted(
        (ids.index(i.id), i.state, (i.start - first) / 1e6, (i.end - first) / 1e6)
        for i in intervals
        if i.resource == "Goroutine" and i.id in ids and i.end > i.start
    )
    found = boxes(ax)
    assert [box[:2] for box in found] == [box[:2] for box in wanted]
    assert np.array([b[2:] for b in found]) == pytest.approx(np.array([b[2:] for b in wanted]))
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels == ["main.main 1", "main.run.func3 27", "runtime.bgsweep 3"]
    (label,) = plot.timeline(shop, 27).get_yticklabels()
    assert label.get_text() == "main.run.func3 27"


def test_timeline_of_goroutines_without_id():
    """Of a broken trace the ids of some are lost: they have no row."""
    broken = trace_bytes("go1.22-bent-gostop-event-for-goroutine-that-s-not-running")
    with tracereader.open(broken, strict=False) as trace:
        with pytest.warns(UserWarning, match="what is left"):
            axes = [plot.timeline(trace), plot.timeline(trace, start=trace.info.start_ns)]
        for ax in axes:
            assert all(label.get_text().split()[-1].isdigit() for label in ax.get_yticklabels())


def test_timeline_is_bounded(shop, intervals):
    """More intervals than bins: in each bin the state that took most of it."""
    bins = 20
    ax = plot.timeline(shop, [27], bins=bins)
    edges = edges_of(shop, bins)
    mine = [i for i in intervals if i.resource == "Goroutine" and i.id == 27]
    assert len(mine) > bins
    shares = {
        state: means([i for i in mine if i.state == state], edges)
        for state in {i.state for i in mine}
    }
    most = [max(shares, key=lambda state: shares[state][bin]) for bin in range(bins)]
    found = boxes(ax)
    assert len(found) <= bins
    for _, state, left, right in found:
        low = np.searchsorted((np.array(edges) - edges[0]) / 1e6, [left, right])
        assert set(most[low[0] : low[1]]) == {state}
    covered = sum(right - left for _, _, left, right in found)
    alive = sum(any(share[bin] for share in shares.values()) for bin in range(bins))
    assert covered == pytest.approx(alive * (edges[1] - edges[0]) / 1e6, rel=0.01)


def test_timeline_of_the_busiest(shop, intervals):
    ran = collections.Counter()
    for i in intervals:
        if i.resource == "Goroutine":
            ran[i.id] += (i.end - i.start) * (i.state == "Running")
    busiest = sorted(ran, key=lambda id: (-ran[id], id))[:4]
    ax = plot.timeline(shop, top=4)
    assert [int(label.get_text().split()[-1]) for label in ax.get_yticklabels()] == busiest
    assert len(ax.collections) <= 5
    # Of a part those that ran longest in it.
    first, last = shop.info.start_ns, shop.info.end_ns
    for start, end in ((None, first + (last - first) // 20), (last - (last - first) // 10, None)):
        low, high = start or first, end or last
        ran = collections.Counter()
        for i in intervals:
            if i.resource == "Goroutine" and min(i.end, high) > max(i.start, low):
                ran[i.id] += (min(i.end, high) - max(i.start, low)) * (i.state == "Running")
        there = sorted(ran, key=lambda id: (-ran[id], id))[:4]
        assert there != busiest
        ax = plot.timeline(shop, top=4, start=start, end=end)
        assert [int(label.get_text().split()[-1]) for label in ax.get_yticklabels()] == there
    assert not plot.timeline(shop, []).collections
    # One that is not there has an empty row.
    ax = plot.timeline(shop, [10**12])
    assert not ax.collections and len(ax.get_yticks()) == 1


@pytest.mark.parametrize("name", ["go1.22-cgo", "go1.26-cgo"])
def test_timeline_of_ids_used_again(name):
    """Goroutines of C threads that have the same id one after the other are one row."""
    with tracereader.open(trace_bytes(name)) as trace:
        ran, rows = collections.Counter(), collections.Counter()
        for row in trace.intervals():
            if row.resource == "Goroutine":
                ran[row.id] += row.duration * (row.state == "Running")
        for row in trace.goroutines():
            rows[row.id] += 1
        assert max(rows.values()) > 1
        busiest = sorted(ran, key=lambda id: (-ran[id], id))
        for top in (8, 10, 20, 100):
            labels = plot.timeline(trace, top=top).get_yticklabels()
            assert [int(label.get_text().split()[-1]) for label in labels] == busiest[:top]
