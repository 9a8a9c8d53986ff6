"""Events: their fields, and how long they stay valid."""

import copy
import fnmatch
import gc
import pickle
import sys

import pytest
import tracereader
from corpus import trace_bytes
from tracereader import EventFlag, Frame, Kind, Resource, Scope, Stack, State
from tracereader._event_table import _KINDS_WITH

FIELDS = (
    "time kind thread proc goroutine resource resource_id from_state to_state reason name "
    "value task stack transition_stack parent type category message scope scope_id attrs "
    "label clock batches experiment args offset generation flags"
).split()

ALWAYS = {"time", "kind", "offset", "generation", "flags"}
#: What events of a kind may have besides the fields that any event may have.
OWN = {
    "Sync": {"clock", "batches"},
    "Metric": {"name", "value"},
    "Label": {"label", "resource", "resource_id"},
    "StackSample": set(),
    "RangeBegin": {"name", "scope", "scope_id", "attrs"},
    "RangeActive": {"name", "scope", "scope_id", "attrs"},
    "RangeEnd": {"name", "scope", "scope_id", "attrs"},
    "TaskBegin": {"task", "parent", "type"},
    "TaskEnd": {"task", "parent", "type"},
    "RegionBegin": {"task", "type"},
    "RegionEnd": {"task", "type"},
    "Log": {"task", "category", "message"},
    "StateTransition": {
        *("resource", "resource_id", "from_state", "to_state", "reason", "transition_stack"),
    },
    "Experimental": {"name", "experiment", "args"},
}
ANY = ALWAYS | {"thread", "proc", "goroutine", "stack"}
TYPES = {
    "kind": Kind,
    "resource": Resource,
    "from_state": State,
    "to_state": State,
    "scope": Scope,
    "stack": Stack,
    "transition_stack": Stack,
    "attrs": tuple,
    "args": tuple,
    "batches": tuple,
    "clock": tracereader.Clock,
    "value": (int, str),
}
STRINGS = {"reason", "name", "type", "category", "message", "label", "experiment"}


def snapshot(ev):
    return {name: getattr(ev, name) for name in FIELDS} | {"str": str(ev), "bytes": bytes(ev)}


def test_the_fields_are_those_of_the_documentation():
    public = [name for name in dir(tracereader.Event) if not name.startswith("_")]
    assert sorted(public) == sorted([*FIELDS, "asdict"])


def test_fields_by_kind(sample):
    with tracereader.open(sample) as trace:
        for ev in trace:
            present = {name for name in FIELDS if getattr(ev, name) is not None}
            assert ALWAYS <= present <= ANY | OWN[ev.kind], ev
            for name in present:
                kind = TYPES.get(name, str if name in STRINGS else int)
                assert isinstance(getattr(ev, name), kind), (ev, name)
            assert ev.asdict() == {name: getattr(ev, name) for name in present}
            assert str(ev.kind) in repr(ev)


def test_the_kinds_that_columns_speak_of(trace):
    assert sorted(OWN) == sorted(set(Kind) - {Kind.Bad})
    for column in trace.events().schema.columns:
        patterns = column.doc.partition(":")[0].split(", ")
        said = {kind for kind in OWN for p in patterns if fnmatch.fnmatchcase(kind, p)}
        assert said == {kind for kind in OWN if column.name in OWN[kind]}, column
        # For pandas: what stands for none may be a value, but of a parent it is none.
        if column.nullable and column.type == "uint64" and column.name != "parent":
            assert said == set(_KINDS_WITH.get(column.name, ())), column


def test_all_events_are_there_after_the_trace_is_gone(sample):
    with tracereader.open(sample) as trace:
        seen = [snapshot(ev) for ev in trace]
        kept = list(trace)
        stacks = [ev.stack for ev in kept]
    del trace
    gc.collect()
    assert len(kept) > 100
    assert [snapshot(ev) for ev in kept] == seen
    assert [ev["stack"] for ev in seen] == stacks


def test_names_are_members_and_texts(trace):
    ev = next(ev for ev in trace if ev.kind == "StateTransition" and ev.resource == "Goroutine")
    assert ev.kind is Kind.StateTransition
    assert ev.resource is Resource.Goroutine
    assert ev.to_state is State[ev.to_state]
    assert f"{ev.kind}" == "StateTransition"


def test_tasks_regions_and_logs(trace):
    events = list(trace)
    begin = next(ev for ev in events if ev.kind == "TaskBegin")
    end = next(ev for ev in events if ev.kind == "TaskEnd" and ev.task == begin.task)
    assert begin.time < end.time and begin.type == end.type
    assert any(ev.kind == "RegionBegin" and ev.type for ev in events)
    assert any(ev.kind == "Log" and ev.message for ev in events)


def test_stacks(trace):
    stack = next(ev.stack for ev in trace if ev.stack)
    frame = stack[0]
    assert isinstance(stack, Stack) and isinstance(stack, tuple)
    assert isinstance(frame, Frame)
    assert frame.function and frame.file and frame.line > 0 and frame.pc > 0
    assert str(stack).startswith(f"{frame.function} @ {frame.pc:#x}\n\t{frame.file}:{frame.line}")
    assert frame.function in repr(stack)
    assert repr(Stack()) == "Stack()"
    assert hash(stack) == hash(Stack(stack))


def test_a_stack_asked_for_twice_is_the_same(trace):
    for ev in trace:
        assert ev.stack is ev.stack
        if ev.reason:
            assert ev.reason is ev.reason


def test_sync_has_a_clock_from_go_1_25_on(annotations):
    with tracereader.open(annotations) as trace:
        sync = next(iter(trace))
        assert sync.kind is Kind.Sync
        assert sync.clock.wall.year >= 2020
        assert sync.clock.wall.utcoffset().total_seconds() == 0
        assert trace.info.wall_start_ns <= sync.clock.wall_ns
    with tracereader.open(trace_bytes("go1.22-annotations")) as trace:
        assert next(iter(trace)).clock is None
        assert trace.info.wall_start is None


def test_batches_of_experiments_stay():
    with tracereader.open(trace_bytes("go1.26-allocfree")) as trace:
        syncs = [ev for ev in trace if ev.kind == "Sync"]
        batches = [batch for ev in syncs for batch in ev.batches]
        args = next(ev.args for ev in trace if ev.kind == "Experimental")
    assert batches
    for batch in batches:
        assert batch.experiment == "AllocFree"
        assert batch.thread is None or batch.thread >= 0
        assert isinstance(batch.data, bytes) and batch.data
    assert dict(args)
    assert [b for ev in pickle.loads(pickle.dumps(syncs)) for b in ev.batches] == batches


def test_events_cannot_be_changed_or_made(trace):
    ev = next(iter(trace))
    for name in FIELDS:
        with pytest.raises(AttributeError):
            setattr(ev, name, None)
        with pytest.raises(AttributeError):
            delattr(ev, name)
    with pytest.raises(AttributeError):
        ev.anything = 1
    with pytest.raises(TypeError):
        tracereader.Event()
    with pytest.raises(TypeError):
        tracereader.Event.time = 1
    with pytest.raises(TypeError):
        type("Sub", (tracereader.Event,), {})


def test_equality_and_hash(sample):
    with tracereader.open(sample) as a, tracereader.open(sample) as b:
        first, second = list(a), list(b)
    assert first == second
    assert list(map(hash, first)) == list(map(hash, second))
    assert len(set(first + second)) == len(first)
    assert first[0] != first[1]
    assert not first[0] == 5 and first[0] != "Sync"
    with pytest.raises(TypeError):
        assert first[0] < first[1]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickle(sample, protocol):
    with tracereader.open(sample) as trace:
        events = [ev for ev, _ in zip(trace, range(300))]
    again = pickle.loads(pickle.dumps(events, protocol))
    assert again == events and events == again
    assert list(map(snapshot, again)) == list(map(snapshot, events))
    assert list(map(hash, again)) == list(map(hash, events))
    assert list(map(repr, again)) == list(map(repr, events))
    assert pickle.loads(pickle.dumps(again, protocol)) == events
    assert all(type(ev) is tracereader.Event for ev in again)


def test_restore_refuses_nonsense():
    from tracereader import _native

    with pytest.raises(TypeError):
        _native.trpy_restore([], b"")
    with pytest.raises(TypeError):
        _native.trpy_restore({}, "")


def test_copies_are_the_event_itself(trace):
    ev = next(iter(trace))
    assert copy.copy(ev) is ev
    assert copy.deepcopy(ev) is ev


def test_the_collector_does_not_know_events(trace):
    for ev in trace:
        assert not gc.is_tracked(ev)
        assert sys.getsizeof(ev) <= 96


def test_flags():
    assert EventFlag(0) == 0
    assert {flag.name for flag in EventFlag} == {"UNRESOLVED", "RELAXED", "RAW_TIME"}


def test_dir_and_doc(trace):
    assert set(FIELDS) <= set(dir(next(iter(trace))))
    for name in [*FIELDS, "asdict", "__bytes__"]:
        assert getattr(tracereader.Event, name).__doc__, name
    assert tracereader.Event.__doc__
