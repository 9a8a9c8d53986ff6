"""Plots of traces, with matplotlib.

    import tracereader
    from tracereader import plot

    with tracereader.open("my.trace") as trace:
        plot.blocking(trace)                   # why goroutines blocked, and how long
        plot.latency(trace)                    # how long they waited for a processor
        plot.states(trace)                     # what they did over time
        plot.processors(trace)                 # how many processors were in use
        plot.timeline(trace, [1, 18, 34])      # what some of them did

Each draws into `ax`, or into new axes, and returns the axes, so that titles, labels and all
else can be changed afterwards. Everything is counted before it is drawn: a plot has a
bounded number of things in it, by `bins` and `top`, however long the trace is, and what it
takes to count them does not grow with the trace either, but for `latency` (8 bytes an
interval) and for `timeline` that is to find those that ran longest (a number a goroutine).
Durations are in nanoseconds in arguments, and in a unit that suits on axes; times on axes count
from the trace's first event. Of long names 56 characters are shown.

Functions raise ImportError without matplotlib (the extra "plot"), ValueError for arguments
that do not fit, and what reading the trace raises.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ._arguments import several, whole
from ._enums import Resource, State
from ._optional import needed
from ._trace import Trace

if TYPE_CHECKING:
    # Where it, or what tells its types, is not installed, this is Any.
    from matplotlib.axes import Axes as _Axes  # type: ignore[import, unused-ignore]

    from ._table import Table

__all__ = ["blocking", "latency", "processors", "states", "timeline"]

#: The colours of Okabe and Ito, which the colour-blind can tell apart.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442")
_GREY = "#B3B3B3"
_DARK = "#404040"
#: Each state's colour, in the order in which they are stacked.
_STATE_COLOURS = {
    State.Running: "#009E73",
    State.Syscall: "#56B4E9",
    State.Runnable: "#E69F00",
    State.Waiting: _GREY,
    State.Undetermined: "#E8E8E8",
}
_UNITS = ((1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs"), (1, "ns"))
#: Of latencies: bins to each power of ten.
_BINS_A_DECADE = 10
#: So many characters of a name leave room for what is drawn; few functions of Go have more.
_NAME_CHARACTERS = 56


# --- What all have in common ------------------------------------------------------------


def _new_axes(ax: _Axes | None, height: float = 4.0) -> _Axes:
    plt = needed("matplotlib.pyplot", "tracereader.plot")
    if ax is None:
        _, ax = plt.subplots(figsize=(9, height), layout="constrained")
    elif not isinstance(ax, plt.Axes):
        raise TypeError(f"ax must be axes of matplotlib, not {type(ax).__name__}")
    assert ax is not None
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    ax.set_axisbelow(True)
    return ax


def _unit(ns: float) -> tuple[int, str]:
    """The unit in which so long a time is a small number, in nanoseconds and by name."""
    return next((unit for unit in _UNITS if ns >= 2 * unit[0]), _UNITS[-1])


def _text(ns: float) -> str:
    """A duration for people, with three digits."""
    per, unit = next((unit for unit in _UNITS if ns >= unit[0]), _UNITS[-1])
    return f"{ns / per:.3g} {unit}"


def _shown(name: str) -> str:
    """A name as it is beside what is drawn: in the middle of a long one something is left out."""
    name = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)
    if len(name) > _NAME_CHARACTERS:
        ends = _NAME_CHARACTERS - 1
        name = f"{name[: ends // 2]}…{name[-(ends - ends // 2) :]}"
    if name.startswith("_"):  # matplotlib keeps such labels out of a legend
        name = f" {name}"
    return name.replace("$", r"\$")  # it would take what is between two for a formula


def _check_trace(trace: object) -> None:
    if not isinstance(trace, Trace):
        raise TypeError(f"it takes one Trace, not a {type(trace).__name__}")


def _check_window(start: int | None, end: int | None) -> None:
    """Raise what fits bounds that a user gave, if they are none, or nothing is between them."""
    bounds = [whole(name, at) for name, at in (("start", start), ("end", end)) if at is not None]
    if len(bounds) == 2 and bounds[1] <= bounds[0]:
        raise ValueError("there is no time between start and end")


def _read_again(table: Any) -> Iterator[Any]:
    """The batches of a further pass for the same plot, which does not warn again."""
    try:
        yield from table.batches()
    except Exception as e:
        table._trace._broken(e, warn=False)


class _Window:
    """The stretch of time that a plot shows, and its axis."""

    def __init__(self, trace: Trace, start: int | None, end: int | None) -> None:
        _check_trace(trace)
        self.origin = trace.info.start_ns
        self.start = self.origin if start is None else whole("start", start)
        self.end = trace.info.end_ns if end is None else whole("end", end)
        if self.end <= self.start:
            if trace.info.error is not None:
                raise trace.info.error
            if start is not None or end is not None:
                raise ValueError("there is no time between start and end")
            self.end = self.start + 1  # a trace of no time has empty axes
        self.per, self.unit = _unit(max(self.end - self.origin, self.end - self.start))

    def edges(self, bins: int) -> Any:
        """The bounds of so many bins of equal width (to a nanosecond), as int64."""
        np = needed("numpy", "tracereader.plot")
        bins = min(whole("bins", bins, 1), self.end - self.start)
        steps = np.arange(bins + 1, dtype=np.int64)
        width, rest = divmod(self.end - self.start, bins)
        return self.start + steps * width + steps * rest // bins

    def shown(self, times: Any) -> Any:
        """Times as they are on the axis."""
        return (times - self.origin) / self.per

    def label(self, ax: _Axes) -> None:
        ax.set_xlim(self.shown(self.start), self.shown(self.end))
        ax.set_xlabel(f"time since the trace began ({self.unit})")


def _intervals(trace: Trace, window: _Window, again: bool = False) -> Iterator[Any]:
    """All intervals, cut to the window, a batch at a time: arrays by name, and `resources` and
    `states`, which have the rows of each."""
    np = needed("numpy", "tracereader.plot")
    table = trace.intervals(columns=["resource", "id", "state", "start", "end"])
    for batch in _read_again(table) if again else table._read_all():
        found = batch.to_numpy(codes=True)
        start = np.clip(found["start"], window.start, window.end)
        end = np.clip(found["end"], window.start, window.end)
        inside = end > start
        yield {
            "id": found["id"][inside],
            "start": start[inside],
            "end": end[inside],
            "resources": _rows(found["resource"], inside),
            "states": _rows(found["state"], inside),
        }


def _rows(column: Any, ours: Any) -> Any:
    """Of a column of names the rows that bear each, among some; for other names none."""
    codes, names = column
    codes = codes[ours]
    none = codes == -2  # which is no code
    return defaultdict(lambda: none, {name: codes == code for code, name in enumerate(names)})


class _Bins:
    """Adds up how long intervals are in each bin of time: exactly, in nanoseconds."""

    def __init__(self, edges: Any) -> None:
        np = needed("numpy", "tracereader.plot")
        self._np = np
        self._edges = edges
        self.ns = np.zeros(len(edges) - 1, dtype=np.int64)

    def _passed(self, times: Any) -> Any:
        """How much time has passed, at each edge, since each of `times`, added up."""
        np = self._np
        times = np.sort(times) - self._edges[0]
        edges = self._edges - self._edges[0]
        before = np.searchsorted(times, edges)
        return before * edges - np.append(0, np.cumsum(times))[before]

    def add(self, start: Any, end: Any) -> None:
        """Add intervals, which lie between the first edge and the last."""
        self.ns += self._np.diff(self._passed(start) - self._passed(end))

    def mean(self) -> Any:
        """How many there are in each bin, on average."""
        return self.ns / self._np.diff(self._edges)


def _steps(ax: _Axes, values: Any, edges: Any, baseline: Any, colour: str, label: str) -> None:
    """Draw steps: filled from a baseline on, or as a line. As `Axes.stairs` does, but that looks
    at each step to find out how far the axes must reach, in Python."""
    np = needed("numpy", "tracereader.plot")
    step_patch = needed("matplotlib.patches", "tracereader.plot").StepPatch
    filled = baseline is not None
    how = {"facecolor": colour, "linewidth": 0} if filled else {"edgecolor": colour}
    ax.add_artist(step_patch(values, edges, baseline=baseline, fill=filled, label=label, **how))
    low = np.min(baseline) if filled else np.min(values)
    ax.update_datalim([(edges[0], low), (edges[-1], np.max(values))])


def _stacked(ax: _Axes, edges: Any, layers: Mapping[str, tuple[Any, str]]) -> None:
    """Draw layers, label to values and colour, on top of each other: a patch each."""
    np = needed("numpy", "tracereader.plot")
    below = np.zeros(len(edges) - 1)
    for label, (values, colour) in layers.items():
        above = below + values
        _steps(ax, above, edges, below, colour, label)
        below = above
    ax.set_ylim(0, max(float(below.max()) * 1.05, 1))
    ax.grid(axis="y", color="#E0E0E0")


def _legend(ax: _Axes, **options: Any) -> None:
    """A legend beside the axes, the topmost layer first."""
    handles, labels = ax.get_legend_handles_labels()
    options = {"loc": "upper left", "bbox_to_anchor": (1, 1), "frameon": False, **options}
    ax.legend(handles[::-1], labels[::-1], **options)


# --- The plots --------------------------------------------------------------------------


def blocking(
    trace: Trace,
    by: str = "reason",
    *,
    value: str = "time",
    top: int = 10,
    start: int | None = None,
    end: int | None = None,
    ax: _Axes | None = None,
) -> _Axes:
    """Draw how long, or how often, goroutines blocked: a bar for each reason, and its share.

    Blocked time adds up over goroutines, so that it can be many times as long as the trace.

    Args:
        trace: the trace.
        by: what the bars are for, as in `Trace.blocking`.
        value: "time", how long, or "count", how often.
        top: how many bars there are at most; what is left is the bar "other".
        start: from this time on, nanoseconds on the trace's clock. None: from the beginning.
        end: before this time. None: to the end.
        ax: where to draw. None: new axes.

    >>> ax = plot.blocking(trace, top=3)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['network', 'select', 'sleep', 'other (7)']
    """
    _check_trace(trace)
    if value not in ("time", "count"):
        raise ValueError('value must be "time" or "count"')
    top = whole("top", top, 1)
    _check_window(start, end)
    field = "total_ns" if value == "time" else "count"
    found: list[tuple[Any, int]] = [
        (row[0], getattr(row, field)) for row in trace.blocking(by, start=start, end=end)
    ]
    found.sort(key=lambda row: -row[1])
    total = sum(amount for _, amount in found)
    shown = found if len(found) <= top + 1 else found[:top]
    rest = found[len(shown) :]
    names = _bar_names(trace, by, [key for key, _ in shown])
    rows = [(name, amount) for name, (_, amount) in zip(names, shown)]
    if rest:
        rows.append((f"other ({len(rest)})", sum(amount for _, amount in rest)))

    ax = _new_axes(ax, 1.2 + 0.3 * max(len(rows), 1))
    per, unit = _unit(max((amount for _, amount in rows), default=1))
    if value == "count":
        per = 1
    colours = [_GREY if name.startswith("other (") else _COLOURS[0] for name, _ in rows]
    bars = ax.barh(range(len(rows)), [amount / per for _, amount in rows], color=colours)
    ax.set_yticks(range(len(rows)), [_shown(name) for name, _ in rows])
    ax.invert_yaxis()
    ax.bar_label(
        bars,
        [f"{amount / total:.1%}" if total else "" for _, amount in rows],
        padding=3,
        color=_DARK,
        fontsize="small",
    )
    ax.margins(x=0.1)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x", color="#E0E0E0")
    if value == "time":
        ax.set_xlabel(f"blocked time, all goroutines added up ({unit})")
    else:
        ax.set_xlabel("times that a goroutine blocked")
    ax.set_title(f"{'Blocked time' if value == 'time' else 'Blockings'} by {by}", loc="left")
    return ax


#: What ids are of: the table that knows them, and its columns of ids and of names.
_ID_TABLES = {
    "goroutine": ("goroutines", "id", "function"),
    "stack": ("stacks", "stack", "function"),
    "task": ("tasks", "task", "type"),
}


def _bar_names(trace: Trace, by: str, keys: Sequence[Any]) -> list[str]:
    """What keys are called: texts as they are, ids with their names."""
    if by not in _ID_TABLES:
        return [key or "(not known)" for key in keys]
    names = _names(trace, by, keys)
    # Task 0 and the empty stack, 0, are none.
    return [f"{names.get(key, by)} {key}" if key else f"(no {by})" for key in keys]


def _names(trace: Trace, by: str, ids: Sequence[int]) -> dict[int, str]:
    """The names of those ids that have one."""
    table, id_column, name_column = _ID_TABLES[by]
    names: dict[int, str] = {}
    asked = getattr(trace, table)(columns=[id_column, name_column], resolve=True)
    for batch in _read_again(asked):
        found = batch.to_lists()
        pairs = zip(found[id_column], found[name_column])
        names.update((id, name) for id, name in pairs if name and id in ids)
    return names


def latency(
    source: Trace | Table | Iterable[int],
    by: str | None = None,
    *,
    state: str | None = None,
    top: int = 6,
    start: int | None = None,
    end: int | None = None,
    ax: _Axes | None = None,
) -> _Axes:
    """Draw how long things took: a histogram with logarithmic bins, ten to each power of ten.

    Args:
        source: a Trace: how long its goroutines stayed in a state each time, in stretches
            whose beginning and end are both known. A Table with a column `duration`, such as
            `trace.tasks()` or `trace.regions()`: how long each of them took that began and
            ended in the trace. Or durations in nanoseconds, such as an array of int64.
        by: a column of the table, of a Trace one of intervals such as "reason": a line
            each. None: one for all.
        state: the state to take from a Trace. None: Runnable, in which goroutines wait for a
            processor: the latency of scheduling. Waiting: how long they block.
        top: how many lines there are at most; what is left is the line "other".
        start: what began at this time or later, of a Trace. None: all.
        end: what ended before this time, of a Trace. None: all.
        ax: where to draw. None: new axes.

    >>> ax = plot.latency(trace, "reason", state="Waiting", top=2)
    >>> [line.get_label().partition(":")[0] for line in ax.patches]
    ['select', 'network', 'other']
    >>> plot.latency([1_000, 20_000, 30_000]).get_xlabel()
    'duration (µs)'
    """
    np = needed("numpy", "tracereader.plot")
    top = whole("top", top, 1)
    _check_window(start, end)
    if not hasattr(source, "intervals"):
        for name, given in (("state", state), ("start", start), ("end", end)):
            if given is not None:
                raise ValueError(f"{name} is for the intervals of a Trace")
    in_state = State.Runnable if state is None else State(state)
    groups, title = _durations(source, by, in_state, start, end)
    groups = {name: np.sort(ns) for name, ns in groups.items() if len(ns)}
    shown = sorted(groups.items(), key=lambda group: -len(group[1]))
    colours = [*_COLOURS, *[_GREY] * len(shown)]
    if len(shown) > top + 1:
        shown[top:] = [("other", np.sort(np.concatenate([ns for _, ns in shown[top:]])))]
        colours[top] = _GREY

    ax = _new_axes(ax)
    ax.set_xscale("log")
    ax.set_ylabel("how many")
    ax.set_title(title, loc="left")
    if not shown:
        ax.set_xlabel("duration (ns)")
        return ax
    last = max(ns[-1] for _, ns in shown)
    # What took no time at all would be nowhere on a logarithmic axis.
    first = max(min(ns[0] for _, ns in shown), 1)
    low = int(np.floor(np.log10(first) * _BINS_A_DECADE))
    high = max(int(np.floor(np.log10(max(last, 1)) * _BINS_A_DECADE)) + 1, low + 1)
    edges = 10 ** (np.arange(low, high + 1) / _BINS_A_DECADE)
    per, unit = _unit(float(np.median(np.concatenate([ns for _, ns in shown]))))
    for (name, ns), colour in zip(shown, colours):
        counts = np.diff(np.searchsorted(np.maximum(ns, 1), edges, side="left"))
        half, most = np.percentile(ns, [50, 99])
        text = f"{_shown(name)}: {len(ns):,}\nmedian {_text(half)}, 99 % within {_text(most)}"
        alone = len(shown) == 1
        ax.stairs(counts, edges / per, fill=alone, color=colour, label=text, linewidth=1.5)
    ax.set_xlabel(f"duration ({unit})")
    ax.set_ylim(bottom=0)
    ax.grid(color="#E0E0E0")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False, fontsize="small")
    return ax


def _durations(
    source: Trace | Table | Iterable[int],
    by: str | None,
    state: State,
    start: int | None,
    end: int | None,
) -> tuple[dict[str, Any], str]:
    """Durations by group, as arrays of int64, and what they are of."""
    np = needed("numpy", "tracereader.plot")
    if not hasattr(source, "batches") and not hasattr(source, "intervals"):
        durations: Any = source
        if isinstance(durations, (str, bytes)) or not isinstance(durations, Iterable):
            what = type(source).__name__
            raise TypeError(f"it takes a Trace, a Table or durations in nanoseconds, not {what}")
        if by is not None:
            raise ValueError("by: plain durations have no columns")
        return {"all": _checked(durations)}, "Durations"
    columns = ["duration"] if by is None else ["duration", by]
    table: Any = source
    title = "Durations"
    if hasattr(source, "intervals"):
        table = source.intervals(
            columns=list(
                dict.fromkeys(
                    [*columns, "resource", "state", "start", "end", "open_start", "open_end"]
                )
            )
        )
        title = f"How long goroutines are {state}"
    else:
        for column in columns:
            if column not in table.columns:
                raise ValueError(f"the table has no column {column}")
        table = table._with("open_start", "open_end")
    if by is not None:
        title += f", by {by}"
    parts: dict[str, list[Any]] = {}
    for batch in table._read_all():
        found = batch.to_numpy(codes=True)
        ns = found["duration"]
        ours = np.ones(len(ns), dtype=bool)
        for which in ("open_start", "open_end"):
            if which in found:
                ours &= ~found[which]
        if hasattr(source, "intervals"):
            ours &= _named(found["resource"], Resource.Goroutine) & _named(found["state"], state)
            if start is not None:
                ours &= found["start"] >= start
            if end is not None:
                ours &= found["end"] < end
        column = found.get(by)
        if column is not None and not isinstance(column, tuple):
            column = batch._list(by)  # which has None, where arrays have what stands for it
        for name, rows in _groups(column, ours):
            parts.setdefault(name, []).append(ns[rows])
    return {name: np.concatenate(arrays) for name, arrays in parts.items()}, title


def _checked(durations: Any) -> Any:
    """Durations that a user gave, as an array of int64."""
    np = needed("numpy", "tracereader.plot")
    if not hasattr(durations, "__len__"):
        durations = list(durations)
    try:
        given = np.asarray(durations)
        # To int64, numbers of these kinds become others that do not fit.
        fits = given.dtype.kind not in "uf" or (abs(given) < 2.0**63).all()
        if fits and given.ndim == 1:
            return given.astype(np.int64)
    except OverflowError:
        pass
    except (TypeError, ValueError) as e:
        raise TypeError(f"durations must be numbers of nanoseconds: {e}") from None
    raise ValueError("durations must be a row of numbers of nanoseconds, less than 2**63 each")


def _named(column: Any, name: str) -> Any:
    """The rows of a column of names that bear this one."""
    np = needed("numpy", "tracereader.plot")
    codes, names = column
    return np.isin(codes, [code for code, known in enumerate(names) if known == name])


def _groups(column: Any, ours: Any) -> Iterator[tuple[str, Any]]:
    """Of some rows those of each name."""
    np = needed("numpy", "tracereader.plot")
    if column is None:
        yield "all", ours
        return
    if isinstance(column, tuple):
        codes, names = column
    else:
        names = list(dict.fromkeys(column))
        code_of = {name: code for code, name in enumerate(names)}
        codes = np.array([code_of[value] for value in column], dtype=np.int64)
    for code in np.unique(codes[ours]):
        name = names[code] if code >= 0 else None
        yield "(none)" if name is None or name == "" else str(name), ours & (codes == code)


def states(
    trace: Trace,
    states: str | Iterable[str] = ("Running", "Syscall", "Runnable", "Waiting"),
    *,
    bins: int = 400,
    start: int | None = None,
    end: int | None = None,
    ax: _Axes | None = None,
) -> _Axes:
    """Draw how many goroutines were in which state over time, on top of each other.

    What is drawn is the mean of each bin, so that an area is the time spent in a state.

    Args:
        trace: the trace.
        states: the state to draw, or several, the lowest first. Of many goroutines most are
            Waiting: without that the others are seen better.
        bins: how many bins of time there are.
        start: from this time on, nanoseconds on the trace's clock. None: from the beginning.
        end: before this time. None: to the end.
        ax: where to draw. None: new axes.

    >>> ax = plot.states(trace, ["Running", "Runnable"], bins=100)
    >>> [(layer.get_label(), len(layer.get_data().values)) for layer in ax.patches]
    [('Running', 100), ('Runnable', 100)]
    """
    chosen = [State(state) for state in several("states", states)]
    window = _Window(trace, start, end)
    edges = window.edges(bins)
    in_state = {state: _Bins(edges) for state in chosen}
    for found in _intervals(trace, window):
        for state, bins_of in in_state.items():
            rows = found["resources"][Resource.Goroutine] & found["states"][state]
            bins_of.add(found["start"][rows], found["end"][rows])
    ax = _new_axes(ax)
    layers = {
        str(state): (bins_of.mean(), _STATE_COLOURS.get(state, _DARK))
        for state, bins_of in in_state.items()
    }
    _stacked(ax, window.shown(edges), layers)
    window.label(ax)
    ax.set_ylabel(f"goroutines (mean of {_text((window.end - window.start) / (len(edges) - 1))})")
    ax.set_title("Goroutines by state", loc="left")
    _legend(ax)
    return ax


def processors(
    trace: Trace,
    *,
    bins: int = 400,
    start: int | None = None,
    end: int | None = None,
    ax: _Axes | None = None,
) -> _Axes:
    """Draw how many processors were in use over time.

    The area is how many ran a goroutine; above it are those that were held by one in a system
    call, or looked for one to run. The line is GOMAXPROCS, if the trace tells. What is drawn
    is the mean of each bin.

    Args:
        trace: the trace.
        bins: how many bins of time there are.
        start: from this time on, nanoseconds on the trace's clock. None: from the beginning.
        end: before this time. None: to the end.
        ax: where to draw. None: new axes.

    >>> ax = plot.processors(trace, bins=50)
    >>> [layer.get_label() for layer in ax.patches]
    ['running goroutines', 'in the runtime', 'GOMAXPROCS']
    """
    np = needed("numpy", "tracereader.plot")
    window = _Window(trace, start, end)
    edges = window.edges(bins)
    procs, goroutines = _Bins(edges), _Bins(edges)
    for found in _intervals(trace, window):
        for resource, in_bins in ((Resource.Proc, procs), (Resource.Goroutine, goroutines)):
            rows = found["resources"][resource] & found["states"][State.Running]
            in_bins.add(found["start"][rows], found["end"][rows])
    ax = _new_axes(ax, 3.2)
    running = goroutines.mean()
    idle = np.maximum(procs.mean() - running, 0)
    layers = {
        "running goroutines": (running, _STATE_COLOURS[State.Running]),
        "in the runtime": (idle, "#BFE3D8"),
    }
    shown = window.shown(edges)
    _stacked(ax, shown, layers)
    most = _gomaxprocs(trace, edges)
    if most is not None:
        _steps(ax, most, shown, None, _DARK, "GOMAXPROCS")
        ax.set_ylim(0, max(ax.get_ylim()[1], float(np.max(most)) * 1.1))
    window.label(ax)
    ax.set_ylabel(f"processors (mean of {_text((window.end - window.start) / (len(edges) - 1))})")
    ax.set_title("Processors in use", loc="left")
    _legend(ax)
    return ax


def _gomaxprocs(trace: Trace, edges: Any) -> Any:
    """GOMAXPROCS, the mean of each bin; None if the trace never tells it."""
    np = needed("numpy", "tracereader.plot")
    times: list[int] = []
    told: list[int] = []
    for batch in _read_again(trace.metrics(columns=["time", "name", "value"])):
        found = batch.to_numpy(codes=True)
        rows = _named(found["name"], "/sched/gomaxprocs:threads")
        times += found["time"][rows].tolist()
        told += found["value"][rows].tolist()
    if not times:
        return None
    # Each generation says it anew, its first some time after the trace's first event.
    bounds = np.clip([edges[0], *times[1:], edges[-1]], edges[0], edges[-1])
    values = np.array(told, dtype=float)
    mean = np.zeros(len(edges) - 1)
    for value in np.unique(values):
        bins = _Bins(edges)
        bins.add(bounds[:-1][values == value], bounds[1:][values == value])
        mean += value * bins.mean()
    return mean


def timeline(
    trace: Trace,
    goroutines: int | Iterable[int] | None = None,
    *,
    top: int = 20,
    bins: int = 1000,
    start: int | None = None,
    end: int | None = None,
    ax: _Axes | None = None,
) -> _Axes:
    """Draw what goroutines did over time: a row each, a colour for each state.

    A goroutine that changes its state oftener than there are bins is drawn as the state in
    which it spent most of each bin.

    Args:
        trace: the trace.
        goroutines: the id of one, or of several, the uppermost first. None: those that ran
            longest in what is drawn.
        top: how many to draw where none are named.
        bins: how many different stretches a row may have.
        start: from this time on, nanoseconds on the trace's clock. None: from the beginning.
        end: before this time. None: to the end.
        ax: where to draw. None: new axes.

    >>> ax = plot.timeline(trace, [1], bins=200)
    >>> [layer.get_label() for layer in ax.collections]
    ['Running', 'Syscall', 'Runnable', 'Waiting']
    """
    np = needed("numpy", "tracereader.plot")
    poly_collection = needed("matplotlib.collections", "tracereader.plot").PolyCollection
    top = whole("top", top, 1)
    window = _Window(trace, start, end)
    edges = window.edges(bins)
    if goroutines is None:
        ids = _busiest(trace, window, top)
    else:
        named = goroutines if isinstance(goroutines, Iterable) else [goroutines]
        ids = [whole("a goroutine", id) for id in named]
    names = _names(trace, "goroutine", ids)
    mine: dict[int, list[tuple[State, Any, Any]]] = {id: [] for id in ids}
    for found in _intervals(trace, window):
        chosen = found["resources"][Resource.Goroutine] & np.isin(found["id"], ids)
        for id in np.unique(found["id"][chosen]).tolist():
            of_id = chosen & (found["id"] == id)
            for state, rows in found["states"].items():
                rows = rows & of_id
                if rows.any():
                    mine[id].append((State(state), found["start"][rows], found["end"][rows]))

    ax = _new_axes(ax, 1.2 + 0.28 * max(len(ids), 1))
    boxes: dict[State, list[Any]] = {state: [] for state in _STATE_COLOURS}
    for row, id in enumerate(ids):
        for state, start_ns, end_ns in _runs(mine[id], edges):
            left, right = window.shown(start_ns), window.shown(end_ns)
            low, high = np.full_like(left, row - 0.4), np.full_like(left, row + 0.4)
            corners = ((left, low), (left, high), (right, high), (right, low))
            boxes.setdefault(state, []).append(
                np.stack([np.stack(corner, axis=-1) for corner in corners], axis=1)
            )
    for state, parts in boxes.items():
        if parts:
            colour = _STATE_COLOURS.get(state, _DARK)
            # With an edge what is narrower than a pixel is still seen; the active is on top.
            shapes = poly_collection(np.concatenate(parts), facecolors=colour, label=str(state))
            shapes.set(edgecolors="face", linewidth=0.5, zorder=2 - 0.1 * list(boxes).index(state))
            ax.add_collection(shapes)
    window.label(ax)
    ax.set_ylim(max(len(ids), 1) - 0.5, -0.5)
    ax.set_yticks(range(len(ids)), [_shown(f"{names.get(id, '')} {id}".strip()) for id in ids])
    ax.tick_params(axis="y", labelsize="small")
    ax.tick_params(axis="y", length=0)
    ax.set_ylabel("goroutine")
    ax.set_title("What goroutines did", loc="left")
    _legend(ax)
    return ax


def _busiest(trace: Trace, window: _Window, top: int) -> list[int]:
    """The goroutines that ran longest in the window, of those that are there."""
    np = needed("numpy", "tracereader.plot")
    ran: Counter[int] = Counter()
    for found in _intervals(trace, window, again=True):
        rows = found["resources"][Resource.Goroutine] & (found["id"] != -1)  # which is none
        running = found["states"][State.Running][rows]
        ids, of = np.unique(found["id"][rows], return_inverse=True)
        sums = np.zeros(len(ids), np.int64)
        np.add.at(sums, of, (found["end"][rows] - found["start"][rows]) * running)
        ran.update(dict(zip(ids.tolist(), sums.tolist())))
    return heapq.nsmallest(top, ran, key=lambda id: (-ran[id], id))


def _runs(
    stretches: Sequence[tuple[State, Any, Any]], edges: Any
) -> Iterator[tuple[State, Any, Any]]:
    """What one goroutine did: as it is, or, if that is more than there are bins, by bin."""
    np = needed("numpy", "tracereader.plot")
    if sum(len(start) for _, start, _ in stretches) < len(edges):
        yield from stretches
        return
    in_state: dict[State, _Bins] = {}
    for state, start, end in stretches:
        in_state.setdefault(state, _Bins(edges)).add(start, end)
    found = list(in_state)
    ns = np.stack([in_state[state].ns for state in found])
    most = np.where(ns.any(axis=0), ns.argmax(axis=0), -1)
    changes = np.flatnonzero(np.diff(most)) + 1
    firsts, lasts = np.append(0, changes), np.append(changes, len(most))
    for number, state in enumerate(found):
        rows = most[firsts] == number
        if rows.any():
            yield state, edges[firsts[rows]], edges[lasts[rows]]
