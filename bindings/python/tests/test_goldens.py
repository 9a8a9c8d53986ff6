"""Every recorded trace, against what the reference prints of it."""

import hashlib

import pytest
import tracereader
from corpus import GOLDENS, NAMES, go_quote, trace_bytes


def number(value):
    return -1 if value is None else value


def stack_text(stack):
    if stack is None:
        return "-"
    frames = (
        f"{frame.pc:#x}:{go_quote(frame.function)}:{go_quote(frame.file)}:{frame.line}"
        for frame in stack
    )
    return f"[{' '.join(frames)}]"


def value_text(value):
    return f"string:{go_quote(value)}" if isinstance(value, str) else f"uint64:{value}"


def attrs_text(attrs):
    return " ".join(f"{go_quote(a.name)}={value_text(a.value)}" for a in attrs)


def sync_text(ev):
    n = str(ev).partition("N=")[2].split()[0]
    clock = "-"
    if ev.clock:
        sec, nsec = divmod(ev.clock.wall_ns, 10**9)
        clock = f"{ev.clock.trace_ns}:{ev.clock.mono_ns}:{sec}:{nsec}"
    batches = " ".join(
        f"{b.experiment}:{number(b.thread)}:{len(b.data)}:{hashlib.sha256(b.data).hexdigest()}"
        for b in sorted(ev.batches, key=lambda b: b.experiment)
    )
    return f"n={n}\tclock={clock}\tbatches=[{batches}]"


def accessors(ev):
    """An event as `reference accessors` prints it."""
    text = (
        f"kind={ev.kind}\ttime={ev.time}\tthread={number(ev.thread)}\tproc={number(ev.proc)}"
        f"\tgoroutine={number(ev.goroutine)}\tstack={stack_text(ev.stack)}"
    )
    match ev.kind:
        case "Sync":
            text += f"\t{sync_text(ev)}"
        case "Metric":
            text += f"\tname={go_quote(ev.name)}\tvalue={value_text(ev.value)}"
        case "Label":
            text += f"\tlabel={go_quote(ev.label)}\tresource={ev.resource}\tid={ev.resource_id}"
        case "RangeBegin" | "RangeActive" | "RangeEnd":
            where = "-" if ev.scope == "None" else ev.scope_id
            text += f"\tname={go_quote(ev.name)}\tscope={ev.scope}\tscope_id={where}"
            if ev.kind == "RangeEnd":
                text += f"\tattrs=[{attrs_text(ev.attrs)}]"
        case "TaskBegin" | "TaskEnd":
            parent = 2**64 - 1 if ev.parent is None else ev.parent
            text += f"\tid={ev.task}\tparent={parent}\ttype={go_quote(ev.type)}"
        case "RegionBegin" | "RegionEnd":
            text += f"\ttask={ev.task}\ttype={go_quote(ev.type)}"
        case "Log":
            text += f"\ttask={ev.task}\tcategory={go_quote(ev.category)}"
            text += f"\tmessage={go_quote(ev.message)}"
        case "StateTransition":
            text += f"\tresource={ev.resource}\tid={ev.resource_id}\tfrom={ev.from_state}"
            text += f"\tto={ev.to_state}\treason={go_quote(ev.reason)}"
            text += f"\ttransition_stack={stack_text(ev.transition_stack)}"
        case "Experimental":
            text += f"\tname={go_quote(ev.name)}\texperiment={go_quote(ev.experiment)}"
            text += f"\targs=[{attrs_text(ev.args)}]"
    return text


#: Every accessor of every event in Python takes its time: of larger traces, texts only.
MOST_EVENTS = 10_000


@pytest.mark.parametrize("golden", GOLDENS, ids=NAMES)
def test_golden(golden):
    texts, values = hashlib.sha256(), hashlib.sha256()
    count = blocked = network = 0
    error = None
    exact = int(golden["count"]) <= MOST_EVENTS
    try:
        with tracereader.open(trace_bytes(golden["name"])) as trace:
            for ev in trace:
                text = bytes(ev)
                assert text.decode("utf-8", "replace") == str(ev)
                texts.update(text + b"\n")
                if exact:
                    line = accessors(ev)
                    values.update(line.encode() + b"\n")
                    # What was no UTF-8 is U+FFFD here, an escape in the reference's text.
                    exact = "\ufffd" not in line
                count += 1
                if ev.resource == "Goroutine" and ev.to_state == "Waiting":
                    if ev.from_state and ev.from_state.executing:
                        blocked += 1
                        network += "network" in ev.reason
    except tracereader.TraceError as e:
        error = e
    assert count == int(golden["count"])
    assert texts.hexdigest() == golden["events"]
    if exact:
        assert values.hexdigest() == golden["accessors"]
    assert (blocked, network) == (int(golden["blocked"]), int(golden["network"]))
    assert (error is None) == (golden["error"] == "-"), error
