"""What tables say, computed once more from the events, one after the other."""

import collections
import contextlib

import pytest
import tracereader
from corpus import NAMES, WHOLE, trace_bytes

#: With tasks, some ended twice, several generations, samples, system calls, and of an older Go.
TRACES = [
    name
    for name in (
        "go1.26-annotations",
        "go1.26-generations",
        "go1.26-shop",
        "go1.26-twice",
        "go1.25-cpuprofile",
        "go1.24-syscalls",
        "go1.22-network",
    )
    if name in WHOLE
]


@pytest.fixture(params=TRACES or ["none"])
def trace(request):
    with tracereader.open(trace_bytes(request.param)) as trace:
        yield trace


@pytest.fixture
def numbered(trace):
    """Each event, with the numbers of its stack and of the transition's."""
    numbers = trace.events(columns=["stack", "transition_stack"])
    return [(ev, row.stack, row.transition_stack) for ev, row in zip(trace, numbers)]


def test_stacks_are_those_of_the_events(trace, numbered):
    frames = collections.defaultdict(list)
    for row in trace.frames(resolve=True):
        frames[row.stack].append(tuple(row)[2:])
        assert row.depth == len(frames[row.stack]) - 1
    stacks = {row.stack: row for row in trace.stacks(resolve=True)}
    for ev, stack, transition_stack in numbered:
        for made, number in ((ev.stack, stack), (ev.transition_stack, transition_stack)):
            assert (made is None) == (number is None)
            if made:
                assert [tuple(frame) for frame in made] == frames[number]
                row = stacks[number]
                assert (row.frames, row.function) == (len(made), made[0].function)
                assert row.root == made[-1].function


def points(numbered, kind, *names):
    return [
        tuple(stack if name == "stack" else getattr(ev, name) for name in names)
        for ev, stack, _ in numbered
        if ev.kind == kind
    ]


def test_points(trace, numbered):
    where = ["goroutine", "thread", "proc", "stack"]
    assert list(map(tuple, trace.logs(resolve=True))) == points(
        numbered, "Log", "time", "task", "category", "message", *where
    )
    assert list(map(tuple, trace.metrics())) == points(
        numbered, "Metric", "time", "name", "value", *where
    )
    assert list(map(tuple, trace.samples())) == points(numbered, "StackSample", "time", *where)


def stretches(numbered, resource):
    """(id, state, start, end, reason, stack, ended by, open start, open end, thread, proc) of
    each stretch."""
    now, found, sync, thread_of_proc = {}, [], None, {}
    last = numbered[-1][0].time
    for ev, stack, transition_stack in numbered:
        if ev.kind == "Sync":
            sync = ev.time
        if ev.kind != "StateTransition" or ev.to_state == ev.from_state:
            continue
        if ev.resource == "Proc":
            thread_of_proc[ev.resource_id] = ev.thread if ev.to_state.executing else None
        if ev.resource != resource:
            continue
        old = now.pop(ev.resource_id, None)
        if old is not None:
            state, start, reason, at, opened, *where = old
            begun = (ev.resource_id, state, start, ev.time, reason, at)
            found.append((*begun, ev.goroutine, opened, False, *where))
        if ev.to_state == "NotExist":
            continue
        opened = ev.from_state == "Undetermined"
        start, where = ev.time, (ev.thread, ev.proc)
        if opened:
            start = sync
            if not ev.to_state.executing:
                where = None, None
            elif thread_of_proc.get(ev.proc) != ev.thread:
                where = ev.thread, None
        reason = ev.reason or None
        now[ev.resource_id] = (ev.to_state, start, reason, transition_stack, opened, *where)
    for id, (state, start, reason, at, opened, *where) in now.items():
        found.append((id, state, start, last, reason, at, None, opened, True, *where))
    return found


@pytest.mark.parametrize("resource", ["Goroutine", "Proc"])
def test_intervals(trace, numbered, resource):
    rows = [
        (
            row.id,
            row.state,
            row.start,
            row.end,
            row.reason or None,
            row.stack,
            row.ended_by,
            row.open_start,
            row.open_end,
            row.thread,
            row.proc,
        )
        for row in trace.intervals()
        if row.resource == resource
    ]
    assert sorted(rows, key=repr) == sorted(stretches(numbered, resource), key=repr)
    for row in trace.intervals():
        assert row.duration == row.end - row.start >= 0


def thread_stretches(events):
    """(id, state, start, end, ended by, open start, open end) of each stretch of a thread: it is
    in the state of what executes there, Running if several do and one runs."""
    now, there, known, found, sync = {}, {}, set(), [], None

    def settle(thread, ev, since=None):
        states = {state for where, state in there.values() if where == thread}
        state = "Running" if "Running" in states else "Syscall" if states else "Idle"
        old = now.get(thread)
        if thread is None or (old and old[0] == state):
            return
        if old:
            found.append((thread, *old[:2], ev.time, ev.goroutine, old[2], False))
        opened = old is None and since is not None
        now[thread] = (state, since if opened else ev.time, opened)

    last = None
    for ev in events:
        last = ev.time
        if ev.kind == "Sync" or sync is None:
            sync = ev.time
        if ev.kind != "StateTransition" or ev.resource != "Goroutine":
            continue
        id, before, state = ev.resource_id, ev.from_state, ev.to_state
        if before == state:
            continue
        if id not in known and before.executing:
            there[id] = ev.thread, before
            if ev.thread not in now:
                settle(ev.thread, ev, sync)
        was, _ = there.pop(id, (None, None))
        if state.executing:
            there[id] = ev.thread, state
        if not state.executing or was != ev.thread:
            settle(was, ev)
        if state.executing:
            settle(ev.thread, ev, sync if before == "Undetermined" else None)
        known.add(id)
        if state == "NotExist":
            known.remove(id)
    for thread, (state, start, opened) in now.items():
        found.append((thread, state, start, last, None, opened, True))
    return found


def all_of(rows):
    """What comes before the error, if there is one."""
    found = []
    with contextlib.suppress(tracereader.TraceError):
        found.extend(rows)
    return found


# Damaged ones too, but for those without a header.
@pytest.mark.parametrize("name", [name for name in NAMES if "-cut-" not in name])
def test_intervals_of_threads(name):
    with tracereader.open(trace_bytes(name), strict=False) as trace:
        rows = [
            (row.id, row.state, row.start, row.end, row.ended_by, row.open_start, row.open_end)
            for row in all_of(trace.intervals())
            if row.resource == "Thread"
        ]
        stretches = thread_stretches(all_of(trace))
    assert sorted(rows, key=repr) == sorted(stretches, key=repr)


# What had ended may come back there.
@pytest.mark.parametrize("name", [name for name in NAMES if "-bent-" in name])
def test_nothing_is_in_two_states_of_a_damaged_trace(name):
    with tracereader.open(trace_bytes(name), strict=False) as trace:
        intervals = all_of(trace.intervals())
        goroutines = all_of(trace.goroutines())
    ends, sums = collections.defaultdict(int), collections.Counter()
    for row in intervals:
        if row.resource != "Thread":
            key = str(row.resource), row.id
            assert row.start >= ends[key]
            ends[key] = row.end
        if row.resource == "Goroutine":
            sums[row.id, row.state] += row.duration
    found = collections.Counter()
    for row in goroutines:
        found[row.id, "Running"] += row.running_ns
        found[row.id, "Runnable"] += row.runnable_ns
        found[row.id, "Syscall"] += row.syscall_ns
    assert {key: ns for key, ns in found.items() if ns} == {
        key: ns for key, ns in sums.items() if ns and key[1] != "Waiting"
    }


def test_where_ranges_began(trace, numbered):
    begun = collections.Counter(
        (str(ev.name), ev.time, ev.goroutine, ev.thread, ev.proc, stack)
        for ev, stack, _ in numbered
        if ev.kind == "RangeBegin"
    )
    rows = list(trace.ranges())
    where = [(row.goroutine, row.thread, row.proc, row.stack) for row in rows]
    assert begun == collections.Counter(
        (row.name, row.start, *at) for row, at in zip(rows, where) if not row.open_start
    )
    # What only repeats that it goes on does not tell where it began.
    assert all(at == (None,) * 4 for row, at in zip(rows, where) if row.open_start)


# Damaged ones too, where a range that is open may begin again.
@pytest.mark.parametrize("name", [name for name in NAMES if "-bent-" in name or "-gc" in name])
def test_ranges(name):
    with tracereader.open(trace_bytes(name), strict=False) as trace:
        events = all_of(trace)
        rows = all_of(trace.ranges())
    begun, found = {}, []
    for ev in events:
        if not ev.kind.startswith("Range"):
            continue
        nobody = ev.scope == "Goroutine" and ev.scope_id is None
        key = str(ev.name), str(ev.scope), ev.scope_id, nobody and ev.proc
        if ev.kind == "RangeBegin":
            if key in begun:
                found.append((*key[:3], begun[key], ev.time, True))
            begun[key] = ev.time
        elif ev.kind == "RangeEnd" and key in begun:
            found.append((*key[:3], begun.pop(key), ev.time, False))
    found += [(*key[:3], start, events[-1].time, True) for key, start in begun.items()]
    assert sorted(found, key=repr) == sorted(
        (tuple(r)[:5] + (r.open_end,) for r in rows if not r.open_start), key=repr
    )


def test_goroutines(trace, numbered):
    sums = collections.defaultdict(collections.Counter)
    for id, state, start, end, reason, *_ in stretches(numbered, "Goroutine"):
        if not (state == "Waiting" and reason == "forever"):
            sums[id][state] += end - start
    blocks, created, started, ended, creator = collections.Counter(), {}, {}, {}, {}
    for ev, _, _ in numbered:
        if ev.resource != "Goroutine" or ev.to_state is None:
            continue
        id = ev.resource_id
        if ev.from_state in ("Running", "Syscall") and ev.to_state == "Waiting":
            blocks[id] += 1
        if ev.from_state == "NotExist":
            created[id], creator[id] = ev.time, ev.goroutine
        if ev.to_state == "Running" and ev.from_state not in ("Undetermined", "Running"):
            started.setdefault(id, ev.time)
        if ev.to_state == "NotExist" or (ev.to_state == "Waiting" and ev.reason == "forever"):
            ended[id] = ev.time
    rows = {row.id: row for row in trace.goroutines(resolve=True)}
    assert set(rows) == set(sums)
    for id, row in rows.items():
        assert row.running_ns == sums[id]["Running"]
        assert row.runnable_ns == sums[id]["Runnable"]
        assert row.waiting_ns == sums[id]["Waiting"]
        assert row.syscall_ns == sums[id]["Syscall"]
        assert row.blocks == blocks[id]
        assert (row.created, row.creator) == (created.get(id), creator.get(id))
        assert row.ended == ended.get(id)
        if id in created:
            assert row.started == started.get(id)


@pytest.mark.parametrize("name", ["go1.22-cgo", "go1.26-cgo"])
def test_ids_used_again(name):
    """C threads get the same goroutine one after the other: rows of their own in `goroutines`,
    one in blocking."""
    with tracereader.open(trace_bytes(name)) as trace:
        rows = collections.defaultdict(list)
        for row in trace.goroutines():
            rows[row.id].append(row)
        again = {id: lives for id, lives in rows.items() if len(lives) > 1}
        assert again
        for lives in again.values():
            assert all(one.ended < other.created for one, other in zip(lives, lives[1:]))
        blocks = {id: sum(row.blocks for row in lives) for id, lives in rows.items()}
        by_id = {row.goroutine: row.count for row in trace.blocking(by="goroutine")}
        assert by_id == {id: count for id, count in blocks.items() if count}
        for id in again:
            assert trace.blocking(goroutine=id).blocked == blocks[id]


def test_tasks(trace, numbered):
    first, last = numbered[0][0].time, numbered[-1][0].time
    begun, ended, found = {}, set(), []
    for ev, stack, _ in numbered:
        if ev.kind == "TaskBegin":
            begun[ev.task] = (ev.parent, ev.type, ev.time, ev.goroutine, stack)
        elif ev.kind == "TaskEnd" and ev.task not in ended:
            ended.add(ev.task)
            there = ev.task in begun
            parent, type, start, goroutine, at = begun.pop(
                ev.task, (ev.parent, ev.type, first, None, None)
            )
            found.append((ev.task, type, start, ev.time, goroutine, at, ev.goroutine, not there))
    for task, (_, type, start, goroutine, at) in begun.items():
        found.append((task, type, start, last, goroutine, at, None, False))
    rows = [
        (r.task, r.type, r.start, r.end, r.goroutine, r.stack, r.ended_by, r.open_start)
        for r in trace.tasks()
    ]
    assert sorted(rows, key=repr) == sorted(found, key=repr)


def test_regions(trace, numbered):
    first, last = numbered[0][0].time, numbered[-1][0].time
    begun, created, found = collections.defaultdict(list), set(), []
    for ev, stack, _ in numbered:
        mine = begun[ev.goroutine]
        if ev.kind == "RegionBegin":
            mine.append((ev.type, ev.task, ev.time, stack))
        elif ev.kind == "RegionEnd" and mine:
            type, task, start, at = mine.pop()
            found.append((type, task, ev.goroutine, start, ev.time, at, False, False))
        elif ev.kind == "RegionEnd" and ev.goroutine not in created:
            found.append((ev.type, ev.task, ev.goroutine, first, ev.time, None, True, False))
        elif ev.resource == "Goroutine" and ev.from_state == "NotExist":
            created.add(ev.resource_id)
        elif ev.resource == "Goroutine" and ev.to_state == "NotExist":
            for type, task, start, at in begun.pop(ev.resource_id, ()):
                found.append((type, task, ev.resource_id, start, ev.time, at, False, False))
    for goroutine, regions in begun.items():
        for type, task, start, at in regions:
            found.append((type, task, goroutine, start, last, at, False, True))
    rows = [
        (r.type, r.task, r.goroutine, r.start, r.end, r.stack, r.open_start, r.open_end)
        for r in trace.regions()
    ]
    assert sorted(rows, key=repr) == sorted(found, key=repr)


def test_blocking_by_everything(trace, numbered):
    waits = [s for s in stretches(numbered, "Goroutine") if s[1] == "Waiting" and not s[7]]
    frames = collections.defaultdict(tuple)  # in each generation a stack has another number
    for row in trace.frames(resolve=True):
        frames[row.stack] += (tuple(row)[2:],)
    count, total = collections.Counter(), collections.Counter()
    for _, _, start, end, _, number, *_ in waits:
        count[frames[number]] += 1
        total[frames[number]] += end - start
    by_stack = trace.blocking(by="stack")
    assert {frames[row.stack]: (row.count, row.total_ns) for row in by_stack} == {
        stack: (count[stack], total[stack]) for stack in count
    }
    functions = collections.Counter()
    for stack, n in count.items():
        functions[stack[0][0] if stack else ""] += n
    assert {row.function: row.count for row in trace.blocking(by="function")} == functions
    for by in ("reason", "goroutine", "task"):
        table = trace.blocking(by=by)
        assert (table.blocked, sum(row.total_ns for row in table)) == (
            by_stack.blocked,
            sum(row.total_ns for row in by_stack),
        )
