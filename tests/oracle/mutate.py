"""Break a trace a little, the same way for the same seed.

mutate() breaks its bytes, as a bad disk would. bend() breaks its records and
keeps them well framed, so that a reader gets further in: it works on the text
that `go tool trace -d=wire` prints and gives text of the same form. deal() leaves
records as they are, and moves and changes whole batches.
"""

import random

HEADER = 16
VERSIONS = [b"22", b"23", b"25", b"26"]
ODD_BYTES = [0x00, 0x01, 0x7F, 0x80, 0xFF]
ODD_NUMBERS = [0, 1, 2, 3, 4, 5, 7, 100, 1 << 31, 1 << 32, 1 << 62, (1 << 64) - 1]
# Records that stand by themselves, outside any batch with a size.
UNSIZED = ("EventBatch", "ExperimentalBatch", "EndOfGeneration")
WITH_DATA = ("String", "ExperimentalBatch")
# Types of records that a short trace may lack, by the names of their arguments.
LIKE = {
    ("dt",): {"ProcStop", "GoDestroy", "GoDestroySyscall", "GoSyscallEnd", "GoSyscallEndBlocked",
              "STWEnd", "GCMarkAssistEnd"},
    ("dt", "g", "g_seq"): {"GoStart", "GoSwitch", "GoSwitchDestroy"},
    ("dt", "new_g", "new_stack", "stack"): {"GoCreate", "GoCreateBlocked"},
    ("dt", "gc_seq"): {"GCActive", "GCEnd"},
    ("dt", "stack"): {"GCSweepBegin", "GCMarkAssistBegin"},
    ("dt", "task", "name_string", "stack"): {"UserRegionBegin", "UserRegionEnd"},
    ("dt", "reason_string", "stack"): {"GoStop", "GoBlock"},
}


def mutate(data, seed):
    """`data`, with one to three accidents: a bit that flipped, a byte that
    changed, bytes lost, added or repeated, the rest cut off, and now and then
    another version in the header."""
    rng = random.Random(seed)
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        if len(data) <= HEADER:
            break
        at = rng.randrange(HEADER, len(data))
        length = rng.choice((1, 1, 2, 3, 8, 50))
        accident = rng.randrange(16)
        if accident < 4:
            data[at] ^= 1 << rng.randrange(8)
        elif accident < 7:
            data[at] = rng.randrange(256)
        elif accident < 9:
            data[at] = rng.choice(ODD_BYTES)
        elif accident == 9:  # a small number, as types of events and ids are
            data[at] = rng.randrange(64)
        elif accident == 10:
            del data[at:at + length]
        elif accident == 11:
            data[at:at] = rng.randbytes(length)
        elif accident == 12:
            data[at:at] = data[at:at + length]
        elif accident < 15:
            del data[at:]
        elif rng.randrange(3) == 0:
            data[5:7] = rng.choice(VERSIONS)
        else:  # two neighbours change places
            data[at:at + 2] = bytes(reversed(data[at:at + 2]))
    return bytes(data)


EVENT_BATCH, EXPERIMENTAL_BATCH = 1, 49


class Batch:
    """Its head's numbers (generation, thread, time) and its data; or one byte that is
    none, such as the end of a generation."""

    def __init__(self, kind, numbers=None, data=b""):
        self.kind, self.numbers, self.data = kind, numbers, data

    def copy(self):
        return Batch(self.kind, self.numbers and list(self.numbers), self.data)

    def bytes(self):
        if not self.numbers:
            return self.kind
        return self.kind + b"".join(map(varint, [*self.numbers, len(self.data)])) + self.data


def varint(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def read_varint(data, at):
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return number, at


def batches_of(data):
    """Those of a whole trace."""
    batches, at = [], HEADER
    while at < len(data):
        kind_bytes = {EVENT_BATCH: 1, EXPERIMENTAL_BATCH: 2}.get(data[at], 0)
        if not kind_bytes:
            batches.append(Batch(data[at:at + 1]))
            at += 1
            continue
        kind = data[at:at + kind_bytes]
        at += kind_bytes
        numbers = []
        for _ in range(4):
            number, at = read_varint(data, at)
            numbers.append(number)
        size = numbers.pop()
        batches.append(Batch(kind, numbers, data[at:at + size]))
        at += size
    return batches


def deal(data, seed):
    """`data`, with one to three accidents to its batches: lost, repeated, moved, said to be
    of another generation, thread or time, cut, or joined to another."""
    rng = random.Random(seed)
    batches = batches_of(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        if not batches:
            break
        at = rng.randrange(len(batches))
        batch, other = batches[at], rng.choice(batches)
        kind = rng.randrange(12)
        if kind == 0:
            del batches[at]
        elif kind == 1:
            batches.insert(rng.randrange(len(batches) + 1), batch.copy())
        elif kind == 2:  # neighbours, or any two, change places
            to = rng.choice((min(at + 1, len(batches) - 1), rng.randrange(len(batches))))
            batches[at], batches[to] = batches[to], batch
        elif kind == 3:
            batches.insert(rng.randrange(len(batches)), batches.pop(at))
        elif kind == 4:  # all that follows, once more or no more
            batches[at:] = rng.choice(([], [b.copy() for b in batches[at:]] * 2))
        elif not batch.numbers or not other.numbers:
            continue
        elif kind < 9:  # of one batch, or of all that say the same
            which = kind - 5 if kind < 8 else 1
            number = batch.numbers[which]
            to = rng.choice((other.numbers[which], number + rng.choice((1, 2, 100, 1 << 20)),
                             max(0, number - rng.choice((1, 2, 100, 1 << 20))),
                             rng.choice(ODD_NUMBERS)))
            for b in batches if kind == 8 else [batch]:
                if b.numbers and b.numbers[which] == number:
                    b.numbers[which] = to
        elif kind == 9:
            batch.data = batch.data[:rng.randrange(len(batch.data) + 1)]
        elif kind == 10 and len(batch.data) + len(other.data) < 1 << 16:
            batch.data += other.data
        else:
            batch.data, other.data = other.data, batch.data
    return data[:HEADER] + b"".join(batch.bytes() for batch in batches)


class Record:
    """A record in text form: its first line, split, and the lines below it."""

    def __init__(self, line):
        self.name, *args = line.split(" ")
        self.args = [arg.split("=") for arg in args]  # [name, number] each
        self.below = []

    def copy(self):
        other = Record(self.name)
        other.args = [list(arg) for arg in self.args]
        other.below = list(self.below)
        return other

    def size(self):
        """Bytes it takes, with the shortest form of each number."""
        size = 1 + sum(varint_size(int(number)) for _, number in self.args)
        for line in self.below:
            if line.startswith("\tdata="):
                length = unquoted_size(line[len("\tdata="):])
                size += varint_size(length) + length
            else:
                size += sum(varint_size(int(word.split("=")[1])) for word in line.split())
        return size

    def text(self):
        first = " ".join([self.name, *("=".join(arg) for arg in self.args)])
        return "\n".join([first, *self.below])


def varint_size(number):
    return max(1, (number.bit_length() + 6) // 7)


def unquoted_size(quoted):
    """Bytes of the string that Go quoted so."""
    body = quoted.strip()[1:-1]
    size = i = 0
    while i < len(body):
        if body[i] != "\\":
            size += len(body[i].encode())
            i += 1
            continue
        kind = body[i + 1]
        if kind in "uU":
            digits = 4 if kind == "u" else 8
            size += len(chr(int(body[i + 2:i + 2 + digits], 16)).encode())
            i += 2 + digits
        else:
            size += 1
            i += 4 if kind == "x" else 2
    return size


def parse(wire):
    """The records in a text of wire records (without its first line)."""
    records = []
    for line in wire.split("\n"):
        if line.startswith("\t"):
            records[-1].below.append(line)
        elif line:
            records.append(Record(line))
    for record in records:
        if record.name in WITH_DATA and not record.below:
            record.below.append('\tdata=""')  # which -d=wire leaves out
    return records


def bend(version, wire, seed):
    """The text form of a trace of Go 1.`version`, whose records are `wire`, with
    one or two accidents: records or batches lost, repeated, moved, or of another
    type, numbers changed; batches say their right size again."""
    rng = random.Random(seed)
    records = parse(wire)
    if not records:
        return None
    by_shape = {}
    for record in records:
        by_shape.setdefault(tuple(name for name, _ in record.args), set()).add(record.name)
    for _ in range(rng.choice((1, 1, 1, 2))):
        accident(rng, records, by_shape)
    batch = None
    for record in records:
        if record.name in UNSIZED:
            batch = record if record.name == "EventBatch" else None
            if batch:
                batch.args[-1][1] = "0"
        elif batch:
            batch.args[-1][1] = str(int(batch.args[-1][1]) + record.size())
    return "\n".join([f"Trace Go1.{version}", *(record.text() for record in records), ""])


def accident(rng, records, by_shape):
    timed = [i for i, record in enumerate(records) if record.args and record.args[0][0] == "dt"]
    heads = [i for i, record in enumerate(records) if record.name in UNSIZED]
    some = timed if timed and rng.randrange(5) else list(range(len(records)))
    at = rng.choice(some)
    record = records[at]
    kind = rng.randrange(14)
    if kind < 2:
        del records[at]
    elif kind == 2:
        records.insert(at, record.copy())
    elif kind == 3 and at + 1 < len(records):
        records[at], records[at + 1] = records[at + 1], record
    elif kind == 4:
        records.insert(rng.choice(some), records.pop(at).copy())
    elif kind < 7:  # another type with the same arguments
        shape = tuple(name for name, _ in record.args)
        record.name = rng.choice(sorted(by_shape[shape] | LIKE.get(shape, set())))
    elif kind < 11 and record.args:
        arg = rng.choice(record.args[1:] or record.args)
        same = [n for r in records for name, n in r.args if name == arg[0]]
        number = int(arg[1])
        arg[1] = str(rng.choice((int(rng.choice(same)), number + 1, max(0, number - 1),
                                 rng.choice(ODD_NUMBERS))))
        if arg[0] == "nframes":  # the text form would not be one any more
            arg[1] = str(len(record.below))
    elif kind == 11 and len(heads) > 1:  # lose a batch
        first = rng.randrange(len(heads))
        end = heads[first + 1] if first + 1 < len(heads) else len(records)
        del records[heads[first]:end]
    elif kind == 12 and len(heads) > 1:  # repeat a batch somewhere
        first = rng.randrange(len(heads))
        end = heads[first + 1] if first + 1 < len(heads) else len(records)
        to = rng.choice(heads)
        records[to:to] = [r.copy() for r in records[heads[first]:end]]
    elif kind == 13 and record.below:
        i = rng.randrange(len(record.below))
        words = record.below[i].split(" ")
        if not record.below[i].startswith("\tdata="):
            j = rng.randrange(len(words))
            name, _, _ = words[j].partition("=")
            words[j] = f"{name}={rng.choice(ODD_NUMBERS)}"
            record.below[i] = " ".join(words)
