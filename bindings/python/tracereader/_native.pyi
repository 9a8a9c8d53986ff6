# The C module that SWIG makes. Private: the package around it is the interface.
from collections.abc import Callable, Iterator, Sequence
from typing import Any, final

from ._enums import Kind, Resource, Scope, State
from ._handles import BlockingHandle, ColumnsHandle, CursorHandle, InfoHandle
from ._values import Attr, Clock, ExperimentalBatch, Stack

@final
class Event:
    """An event of a trace. Immutable; valid for ever, also after its trace is closed."""

    @property
    def time(self) -> int:
        """Nanoseconds on the trace's clock, each event's greater than the last's."""
    @property
    def kind(self) -> Kind:
        """What the event is."""
    @property
    def thread(self) -> int | None:
        """The thread on which it happened."""
    @property
    def proc(self) -> int | None:
        """The proc there before the event."""
    @property
    def goroutine(self) -> int | None:
        """The goroutine that ran there before the event."""
    @property
    def resource(self) -> Resource | None:
        """What changes state, or bears the label."""
    @property
    def resource_id(self) -> int | None:
        """The id of that resource."""
    @property
    def from_state(self) -> State | None:
        """The state before (StateTransition)."""
    @property
    def to_state(self) -> State | None:
        """The state after (StateTransition)."""
    @property
    def reason(self) -> str | None:
        """Why it stopped or blocked, '' if not said (StateTransition)."""
    @property
    def name(self) -> str | None:
        """The name of a metric, range or experimental event."""
    @property
    def value(self) -> int | str | None:
        """The value (Metric)."""
    @property
    def task(self) -> int | None:
        """The id of the task (Task*, Region*, Log; 0: no task of the user's)."""
    @property
    def stack(self) -> Stack | None:
        """The stack of what executed, innermost frame first."""
    @property
    def transition_stack(self) -> Stack | None:
        """The stack of the goroutine that changes state."""
    @property
    def parent(self) -> int | None:
        """The id of the task's parent (Task*)."""
    @property
    def type(self) -> str | None:
        """The type of a task or region, as the program gave it."""
    @property
    def category(self) -> str | None:
        """The category (Log)."""
    @property
    def message(self) -> str | None:
        """The message (Log)."""
    @property
    def scope(self) -> Scope | None:
        """What a range is bound to (Range*)."""
    @property
    def scope_id(self) -> int | None:
        """The id of what a range is bound to."""
    @property
    def attrs(self) -> tuple[Attr, ...] | None:
        """What is known at a range's end (Range*)."""
    @property
    def label(self) -> str | None:
        """The label (Label)."""
    @property
    def clock(self) -> Clock | None:
        """Three clocks read at one moment (Sync, Go 1.25 and later)."""
    @property
    def batches(self) -> tuple[ExperimentalBatch, ...] | None:
        """Data of experiments (Sync)."""
    @property
    def experiment(self) -> str | None:
        """The name of the experiment (Experimental)."""
    @property
    def args(self) -> tuple[Attr, ...] | None:
        """The arguments (Experimental)."""
    @property
    def offset(self) -> int:
        """Byte offset of the event's record in the (decompressed) trace."""
    @property
    def generation(self) -> int:
        """The number of the event's generation, 0 for the last Sync."""
    @property
    def flags(self) -> int:
        """Bits of EventFlag, 0 for an ordinary event."""
    def asdict(self) -> dict[str, Any]: ...
    def __bytes__(self) -> bytes: ...
    def __copy__(self) -> Event: ...
    def __deepcopy__(self, memo: Any, /) -> Event: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class EventIterator(Iterator[Event]):
    def __iter__(self) -> EventIterator: ...
    def __next__(self) -> Event: ...

TR_KIND_COUNT: int
TR_KIND_STATE_TRANSITION: int
TR_GO_WAITING: int
TR_COLUMN_COUNT: int
TR_COLUMN_INT64: int
TR_COLUMN_UINT64: int
TR_COLUMN_CODE: int
TR_TABLE_BOOL: int
TR_TABLE_INT64: int
TR_TABLE_UINT64: int
TR_TABLE_DOUBLE: int
TR_TABLE_TIME: int
TR_TABLE_NAME: int
TR_TABLE_STRING: int
TR_TABLE_TEXT: int
TR_ANY: int
TR_OPT_THREADS: int
TR_OPT_MAX_MEMORY_BYTES: int
TR_OPT_MAX_GENERATION_BYTES: int
TR_OPT_MAX_TABLE_BYTES: int
TR_OPT_MAX_THREADS: int
TR_OPT_MAX_GOROUTINES: int
TR_OPT_MAX_STACKS: int
TR_OPT_SPILL_BYTES: int
TR_OPT_SALVAGE: int
TR_BLOCKING_BY_REASON: int
TR_BLOCKING_BY_STACK: int
TRPY_STATE_COUNT: int
TRPY_RESOURCE_COUNT: int

def tr_version() -> str: ...
def tr_compressions() -> str: ...
def tr_kind_name(kind: int, /) -> str: ...
def tr_state_name(state: int, /) -> str: ...
def tr_resource_name(resource: int, /) -> str: ...
def tr_table_name(i: int, /) -> str | None: ...
def tr_column_name(id: int, /) -> str: ...
def tr_column_get_type(id: int, /) -> int: ...
def trpy_register(hooks: dict[str, Any], /) -> None: ...
def trpy_open_fd(
    fd: int, filename: str | None, options: Sequence[tuple[int, int] | bytes], filter: tuple[int, ...] | None
) -> CursorHandle: ...
def trpy_open_memory(
    buffer: Any, options: Sequence[tuple[int, int] | bytes], filter: tuple[int, ...] | None
) -> CursorHandle: ...
def trpy_open_callback(
    read: Any,
    find_damage: Any,
    filename: str | None,
    options: Sequence[tuple[int, int] | bytes],
    filter: tuple[int, ...] | None,
) -> CursorHandle: ...
def trpy_close(cursor: CursorHandle, /) -> None: ...
def trpy_version(cursor: CursorHandle, /) -> int: ...
def trpy_compression(cursor: CursorHandle, /) -> str | None: ...
def trpy_size(cursor: CursorHandle, /) -> int: ...
def trpy_total(cursor: CursorHandle, /) -> int: ...
def trpy_bytes_read(cursor: CursorHandle, /) -> int: ...
def trpy_done_bytes(cursor: CursorHandle, /) -> int: ...
def trpy_events(cursor: CursorHandle, keep: object, tick: Any) -> EventIterator: ...
def trpy_restore(fields: dict[str, Any], text: bytes) -> Event: ...
def trpy_columns_new(numbers: Sequence[int], /) -> ColumnsHandle: ...
def trpy_columns_read(columns: ColumnsHandle, cursor: CursorHandle, max_rows: int) -> bool: ...
def tr_columns_row_count(columns: ColumnsHandle, /) -> int: ...
def trpy_columns_get(columns: ColumnsHandle, id: int, buffer: Any) -> None: ...
def trpy_strings(cursor: CursorHandle, first: int) -> list[str]: ...
def trpy_name_rows(codes: Any, names: tuple[str, ...], out: Any) -> None: ...
def trpy_renumber(codes: Any, count: int) -> list[int]: ...
def trpy_table_columns(table: str, /) -> list[tuple[str, int, bool, str]]: ...
def trpy_table_narrow(table: str, filter: tuple[int, ...] | None) -> tuple[int, ...]: ...
def trpy_table_open(
    cursor: CursorHandle,
    table: str,
    columns: Sequence[str] | None,
    rows: int,
    bytes: int,
    resolve: bool,
    wall: bool,
    goroutine: int,
) -> None: ...
def trpy_table_next(cursor: CursorHandle, /) -> tuple[int, list[Any]] | None: ...
def trpy_arrow_schema(columns: Sequence[tuple[str, str, bool, str | None]], /) -> object: ...
def trpy_arrow_array(length: int, columns: Sequence[Any]) -> object: ...
def trpy_arrow_stream(
    schema: Callable[[], object],
    next: Callable[[], object],
    keep: Callable[[BaseException], object] | None,
) -> object: ...
def trpy_fill_nulls(values: Any, valid: Any, none: Any) -> bytearray: ...
def trpy_map_codes(codes: Any, map: Any) -> bytearray: ...
def trpy_items(
    rows: int, format: str, buffers: tuple[Any, ...], names: list[str] | None
) -> list[Any]: ...
def trpy_row_maker(type: type[tuple[Any, ...]], /) -> Callable[..., tuple[Any, ...]]: ...
def tr_blocking_new(by: int, /) -> BlockingHandle: ...
def tr_blocking_only_count(blocking: BlockingHandle, /) -> None: ...
def trpy_blocking_read(
    blocking: BlockingHandle, cursor: CursorHandle, max_events: int
) -> bool: ...
def trpy_blocking_finish(blocking: BlockingHandle, /) -> tuple[int, list[tuple[Any, ...]]]: ...
def tr_info_new() -> InfoHandle: ...
def trpy_info_read(info: InfoHandle, cursor: CursorHandle, max_events: int) -> bool: ...
def trpy_info_get(info: InfoHandle, /) -> dict[str, Any]: ...
def trpy_salvage(cursor: CursorHandle | None, /) -> dict[str, int]: ...
