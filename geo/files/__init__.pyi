from ._codes import code_numbers, code_text, province_of
from ._headers import find_columns
from ._lines import read_line
from ._numbers import to_degrees, to_number
from ._points import frame_points, read_points, table_points
from ._tables import read_table
from ._vectors import read_vector_file, require_plain_file

__all__ = [
    "code_numbers",
    "code_text",
    "find_columns",
    "frame_points",
    "province_of",
    "read_line",
    "read_points",
    "read_table",
    "read_vector_file",
    "require_plain_file",
    "table_points",
    "to_degrees",
    "to_number",
]
