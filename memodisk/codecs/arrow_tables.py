"""`pyarrow.Table` as parquet."""

from __future__ import annotations

import functools
import io
from typing import Any, BinaryIO

from memodisk.codecs.libraries import load
from memodisk.codecs.parquet_files import KEY, MOST_COLUMNS, note, read_arrow, write_arrow


def accepts(value: Any) -> bool:
    """Tell whether parquet holds this table exactly."""
    pa = load("pyarrow")
    if type(value) is not pa.Table:
        return False
    schema = value.schema
    if not 0 < len(schema) <= MOST_COLUMNS or len(set(schema.names)) < len(schema):
        return False
    if any(key in (KEY, b"ARROW:schema") for key in schema.metadata or {}):
        return False
    if any(not field.nullable and value.column(i).null_count for i, field in enumerate(schema)):
        return False
    return all(holds(field.type) for field in schema) and _survives(schema)


def write(value: Any, file: BinaryIO) -> None:
    """Write the table as a parquet file."""
    # Ours comes last: see parquet_files.library_of.
    metadata = {**(value.schema.metadata or {}), KEY: note("pyarrow")}
    write_arrow(value.replace_schema_metadata(metadata), file, dictionaries=[])


def read(blob: memoryview) -> object:
    """Read the table back."""
    return read_arrow(blob)[0]


def holds(kind: Any) -> bool:
    """Tell whether parquet gives back every value of an Arrow type exactly.

    Not so: seconds become milliseconds, dictionaries lose their order, views and extensions become something
    else.
    """
    t = load("pyarrow").types
    if t.is_list(kind) or t.is_large_list(kind):
        return holds(kind.value_type) and bool(kind.value_field.nullable)
    if t.is_struct(kind):
        fields = [kind.field(i) for i in range(kind.num_fields)]
        return bool(fields) and all(holds(field.type) and field.nullable for field in fields)
    if t.is_timestamp(kind) or t.is_time32(kind):
        return str(kind.unit) != "s"
    checks = (
        t.is_boolean,
        t.is_integer,
        t.is_float32,
        t.is_float64,
        t.is_string,
        t.is_large_string,
        t.is_binary,
        t.is_large_binary,
        t.is_date32,
        t.is_time64,
        t.is_duration,
        t.is_decimal128,
    )
    return any(check(kind) for check in checks)


def _survives(schema: Any) -> bool:
    try:
        return _survives_cached(schema, tuple((schema.metadata or {}).items()))
    except TypeError:  # cannot be hashed
        return _survives_cached.__wrapped__(schema, ())


# A thousand calls return few different schemas, and trying one takes 0.1 ms.
@functools.lru_cache(maxsize=64)
def _survives_cached(schema: Any, _metadata: object) -> bool:
    """Tell whether parquet gives back this schema, metadata of fields included, by trying it without rows."""
    out = io.BytesIO()
    try:
        write(schema.empty_table(), out)
        table: Any = read(memoryview(out.getvalue()))
    except Exception:  # whatever pyarrow says about it, the answer is no
        return False
    return bool(table.schema.equals(schema, check_metadata=True))
