"""Compiled kernels over the bytes of OpenStreetMap's PBF format: fields, nodes, ways, relations.

Every read is checked against the end of its message, so that a damaged block ends in a status
and never in a read past the buffer. The format is described at
https://wiki.openstreetmap.org/wiki/PBF_Format; the field numbers below are its own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..compiling import compiled


@compiled
def _varint(data: NDArray[Any], pos: int, end: int) -> Any:  # pragma: no cover - compiled
    value = np.uint64(0)
    shift = np.uint64(0)
    for _ in range(10):
        if pos >= end:
            return np.int64(0), np.int64(-1)
        byte = np.uint64(data[pos])
        pos += 1
        value |= (byte & np.uint64(0x7F)) << shift
        if byte < np.uint64(0x80):
            return np.int64(value), np.int64(pos)
        shift += np.uint64(7)
    return np.int64(0), np.int64(-1)


@compiled
def _zigzag(data: NDArray[Any], pos: int, end: int) -> Any:  # pragma: no cover - compiled
    value, pos = _varint(data, pos, end)
    raw = np.uint64(value)
    return np.int64(raw >> np.uint64(1)) ^ -np.int64(raw & np.uint64(1)), pos


@compiled
def next_field(data: NDArray[Any], pos: int, end: int) -> Any:  # pragma: no cover - compiled
    """Read number, wire type, value (or where the bytes start) and the position after the field."""
    bad = (np.int64(0), np.int64(0), np.int64(0), np.int64(-1))
    key, pos = _varint(data, pos, end)
    if pos < 0:
        return bad
    number, wire = key >> 3, key & 7
    if number <= 0:
        return bad
    if wire == 0:
        value, pos = _varint(data, pos, end)
        return number, wire, value, pos
    if wire == 2:
        size, pos = _varint(data, pos, end)
        if pos < 0 or size < 0 or size > end - pos:
            return bad
        return number, wire, pos, pos + size
    size = 8 if wire == 1 else 4
    if wire not in (1, 5) or end - pos < size:
        return bad
    return number, wire, pos, pos + size


@compiled
def _count_packed(data: NDArray[Any], start: int, stop: int) -> Any:  # pragma: no cover - compiled
    count = 0
    for pos in range(start, stop):
        if data[pos] < 0x80:
            count += 1
    return count


@compiled
def all_fields(data: NDArray[Any], start: int, stop: int) -> Any:  # pragma: no cover - compiled
    """All fields of a message as rows (number, wire, value, end); none if it is damaged."""
    n = 0
    pos = start
    while pos < stop:
        _, _, _, pos = next_field(data, pos, stop)
        if pos < 0:
            return np.zeros((0, 4), dtype=np.int64), False
        n += 1
    rows = np.empty((n, 4), dtype=np.int64)
    pos = start
    for i in range(n):
        number, wire, value, pos = next_field(data, pos, stop)
        rows[i, 0], rows[i, 1], rows[i, 2], rows[i, 3] = number, wire, value, pos
    return rows, True


@compiled
def _read_tags(
    data: NDArray[Any], keys: tuple[int, int], vals: tuple[int, int], column_of: NDArray[Any], row: NDArray[Any],
) -> Any:  # fmt: skip  # pragma: no cover - compiled
    """Write the values' string numbers into their columns; False if the message is damaged."""
    kpos, kend = keys
    vpos, vend = vals
    n_strings = len(column_of)
    while kpos < kend:
        key, kpos = _varint(data, kpos, kend)
        value, vpos = _varint(data, vpos, vend)
        if kpos < 0 or vpos < 0 or not (0 <= key < n_strings and 0 <= value < n_strings):
            return False
        column = column_of[key]
        if column >= 0:
            row[column] = value
    return vpos == vend


@compiled
def _info(data: NDArray[Any], pos: int, end: int) -> Any:  # pragma: no cover - compiled
    """Version and visibility of an object from its metadata; version -1 if they are damaged."""
    version, visible = np.int64(0), True
    while pos < end:
        number, wire, value, pos = next_field(data, pos, end)
        if pos < 0:
            return np.int64(-1), False
        if wire == 0 and number == 1:
            version = value if value > 0 else np.int64(0)
        elif wire == 0 and number == 6:
            visible = value != 0
    return version, visible


@compiled
def _is_useful(
    tags: NDArray[Any], useful: NDArray[Any], asked: NDArray[Any], n_asked: int,
) -> Any:  # fmt: skip  # pragma: no cover - compiled
    first, second = tags[0], tags[1]
    if (first >= 0 and useful[first]) or (second >= 0 and useful[second]):
        return True
    return first >= 0 and asked[first] and tags[2 : 2 + n_asked].max() >= 0


@compiled
def decode_ways(
    data: NDArray[Any], fields: NDArray[Any], column_of: NDArray[Any], n_columns: int,
    useful: NDArray[Any], asked: NDArray[Any], n_asked: int, wanted: NDArray[Any], scale: Any,
) -> Any:  # fmt: skip  # pragma: no cover - compiled
    """Ways that are useful by their tags, or those of the `wanted` ids if there are any: as in `WayTable`.

    Before all that, whether the block is sound.
    """
    granularity, lat_offset, lon_offset = scale
    n_ways = len(fields)
    ids = np.zeros(n_ways, dtype=np.int64)
    versions = np.zeros(n_ways, dtype=np.int32)
    tags = np.full((n_ways, n_columns), -1, dtype=np.int32)
    n_refs = np.zeros(n_ways, dtype=np.int32)
    spans = np.zeros((n_ways, 6), dtype=np.int64)  # of refs, latitudes and longitudes
    refs = np.zeros(0, dtype=np.int64)
    where = np.zeros((0, 2))
    all_ids = np.zeros(3, dtype=np.int64)
    all_ids[2] = 1
    kept = 0
    total = 0
    located = False
    for way in range(n_ways):
        pos, end = fields[way, 2], fields[way, 3]
        way_id = np.int64(0)
        version, visible = np.int64(0), True
        keys, vals = (pos, pos), (pos, pos)
        spans[kept] = pos
        while pos < end:
            number, wire, value, pos = next_field(data, pos, end)
            if pos < 0:
                return False, ids, versions, tags, n_refs, refs, where, all_ids
            if number == 1 and wire == 0:
                way_id = value
            elif wire == 2:
                if number == 2:
                    keys = (value, pos)
                elif number == 3:
                    vals = (value, pos)
                elif number == 4:
                    version, visible = _info(data, value, pos)
                elif 8 <= number <= 10:
                    spans[kept, 2 * (number - 8)] = value
                    spans[kept, 2 * (number - 8) + 1] = pos
        if way == 0:
            all_ids[0] = way_id
        elif way_id <= all_ids[1]:
            all_ids[2] = 0
        all_ids[1] = way_id
        tags[kept] = -1
        if version < 0 or not _read_tags(data, keys, vals, column_of, tags[kept]):
            return False, ids, versions, tags, n_refs, refs, where, all_ids
        if len(wanted):
            at = np.searchsorted(wanted, way_id)
            keep = at < len(wanted) and wanted[at] == way_id
        else:
            keep = _is_useful(tags[kept], useful, asked, n_asked)
        if keep:
            count = _count_packed(data, spans[kept, 0], spans[kept, 1])
            ids[kept] = way_id
            versions[kept] = version if visible else -(version if version > 0 else 1)
            n_refs[kept] = count
            located = located or spans[kept, 3] > spans[kept, 2]
            total += count
            kept += 1
    refs = np.zeros(total, dtype=np.int64)
    if located:
        where = np.full((total, 2), np.nan)
    k = 0
    for way in range(kept):
        pos, end, lat_pos, lat_end, lon_pos, lon_end = spans[way]
        has = lat_end > lat_pos and lon_end > lon_pos
        ref = lat = lon = np.int64(0)
        for _ in range(n_refs[way]):
            delta, pos = _zigzag(data, pos, end)
            if pos < 0:
                return False, ids, versions, tags, n_refs, refs, where, all_ids
            ref += delta
            refs[k] = ref
            if has:
                dlat, lat_pos = _zigzag(data, lat_pos, lat_end)
                dlon, lon_pos = _zigzag(data, lon_pos, lon_end)
                if lat_pos < 0 or lon_pos < 0:
                    return False, ids, versions, tags, n_refs, refs, where, all_ids
                lat += dlat
                lon += dlon
                where[k, 0] = (lon_offset + granularity * lon) / 1e9
                where[k, 1] = (lat_offset + granularity * lat) / 1e9
            k += 1
        if pos != end:
            return False, ids, versions, tags, n_refs, refs, where, all_ids
    return (
        True,
        ids[:kept].copy(),
        versions[:kept].copy(),
        tags[:kept].copy(),
        n_refs[:kept].copy(),
        refs,
        where,
        all_ids,
    )


@compiled
def _place(ids: NDArray[Any], node_id: np.int64, at: int) -> Any:  # pragma: no cover - compiled
    """First position from which `ids` (ascending) isn't below node_id, searched on from `at`."""
    n = len(ids)
    if at > 0 and ids[at - 1] >= node_id:
        return np.searchsorted(ids, node_id)
    steps = 0
    while at < n and ids[at] < node_id:
        at += 1
        steps += 1
        if steps == 64:
            return at + np.searchsorted(ids[at:], node_id)
    return at


@compiled
def decode_dense(
    data: NDArray[Any], start: int, stop: int, scale: Any, column_of: NDArray[Any], n_columns: int,
    ids: NDArray[Any], versions: NDArray[Any], lon: NDArray[Any], lat: NDArray[Any],
) -> Any:  # fmt: skip  # pragma: no cover - compiled
    """Fill in the coordinates of the nodes in `ids`: status, their places that have tags, tags.

    Of a node that comes again the newer version counts, of equal ones the later; if it has no tags, a
    row without any says so.
    """
    granularity, lat_offset, lon_offset = scale
    n_strings = len(column_of)
    none = np.zeros(0, dtype=np.int64), np.zeros((0, n_columns), dtype=np.int32)
    id_pos = id_end = lat_pos = lat_end = lon_pos = lon_end = kv_pos = kv_end = start
    version_pos = version_end = visible_pos = visible_end = start
    pos = start
    while pos < stop:
        number, wire, value, pos = next_field(data, pos, stop)
        if pos < 0:
            return False, none[0], none[1]
        if wire == 2:
            if number == 1:
                id_pos, id_end = value, pos
            elif number == 8:
                lat_pos, lat_end = value, pos
            elif number == 9:
                lon_pos, lon_end = value, pos
            elif number == 10:
                kv_pos, kv_end = value, pos
            elif number == 5:
                info = value
                while info < pos:
                    part, kind, begin, info = next_field(data, info, pos)
                    if info < 0:
                        return False, none[0], none[1]
                    if kind == 2 and part == 1:
                        version_pos, version_end = begin, info
                    elif kind == 2 and part == 6:
                        visible_pos, visible_end = begin, info
    count = _count_packed(data, id_pos, id_end)
    rows = min(count, (kv_end - kv_pos) // 2)
    where = np.zeros(rows, dtype=np.int64)
    tags = np.full((rows, n_columns), -1, dtype=np.int32)
    tagged = 0
    node_id = np.int64(0)
    node_lat = np.int64(0)
    node_lon = np.int64(0)
    at = 0
    for _ in range(count):
        delta, id_pos = _zigzag(data, id_pos, id_end)
        dlat, lat_pos = _zigzag(data, lat_pos, lat_end)
        dlon, lon_pos = _zigzag(data, lon_pos, lon_end)
        if id_pos < 0 or lat_pos < 0 or lon_pos < 0:
            return False, none[0], none[1]
        node_id += delta
        node_lat += dlat
        node_lon += dlon
        at = _place(ids, node_id, at)
        wanted = at < len(ids) and ids[at] == node_id
        version = np.int64(0)
        if version_pos < version_end:
            version, version_pos = _varint(data, version_pos, version_end)
        if visible_pos < visible_end:
            visible, visible_pos = _varint(data, visible_pos, visible_end)
            wanted = wanted and visible != 0
        if version_pos < 0 or visible_pos < 0:
            return False, none[0], none[1]
        has = False
        if wanted:
            version = min(version if version > 0 else np.int64(0), np.int64(2**31 - 2))
            has = versions[at] >= 0  # it comes again
            wanted = version >= versions[at]
            has = has and wanted
        if wanted:
            versions[at] = version
            lon[at] = (lon_offset + granularity * node_lon) / 1e9
            lat[at] = (lat_offset + granularity * node_lat) / 1e9
            if has and tagged + 1 >= rows:
                where = np.concatenate((where, np.zeros(rows + 64, dtype=np.int64)))
                tags = np.concatenate((tags, np.full((rows + 64, n_columns), -1, dtype=np.int32)))
                rows = len(where)
        while kv_pos < kv_end:
            key, kv_pos = _varint(data, kv_pos, kv_end)
            if kv_pos < 0 or key < 0 or key >= n_strings:
                return False, none[0], none[1]
            if key == 0:
                break
            value, kv_pos = _varint(data, kv_pos, kv_end)
            if kv_pos < 0 or value < 0 or value >= n_strings:
                return False, none[0], none[1]
            column = column_of[key]
            if wanted and column >= 0 and tagged < rows:
                tags[tagged, column] = value
                has = True
        if has:
            where[tagged] = at
            tagged += 1
    if lat_pos != lat_end or lon_pos != lon_end or id_pos != id_end:
        return False, none[0], none[1]
    return True, where[:tagged].copy(), tags[:tagged].copy()


@compiled
def decode_nodes(
    data: NDArray[Any], fields: NDArray[Any], scale: Any, column_of: NDArray[Any], n_columns: int,
    ids: NDArray[Any], versions: NDArray[Any], lon: NDArray[Any], lat: NDArray[Any],
) -> Any:  # fmt: skip  # pragma: no cover - compiled
    """Do the same for nodes that are stored one by one."""
    granularity, lat_offset, lon_offset = scale
    where = np.zeros(len(fields), dtype=np.int64)
    tags = np.full((len(fields), n_columns), -1, dtype=np.int32)
    tagged = 0
    at = 0
    for node in range(len(fields)):
        pos, end = fields[node, 2], fields[node, 3]
        node_id = node_lat = node_lon = version = np.int64(0)
        visible = True
        keys, vals = (pos, pos), (pos, pos)
        while pos < end:
            number, wire, value, pos = next_field(data, pos, end)
            if pos < 0:
                return False, where, tags
            if wire == 0:
                signed = np.int64(np.uint64(value) >> np.uint64(1)) ^ -np.int64(value & 1)
                if number == 1:
                    node_id = signed
                elif number == 8:
                    node_lat = signed
                elif number == 9:
                    node_lon = signed
            elif wire == 2:
                if number == 2:
                    keys = (value, pos)
                elif number == 3:
                    vals = (value, pos)
                elif number == 4:
                    version, visible = _info(data, value, pos)
        if version < 0:
            return False, where, tags
        version = min(version, np.int64(2**31 - 2))
        at = _place(ids, node_id, at)
        if visible and at < len(ids) and ids[at] == node_id and version >= versions[at]:
            again = versions[at] >= 0
            versions[at] = version
            lon[at] = (lon_offset + granularity * node_lon) / 1e9
            lat[at] = (lat_offset + granularity * node_lat) / 1e9
            if not _read_tags(data, keys, vals, column_of, tags[tagged]):
                return False, where, tags
            if again or tags[tagged].max() >= 0:
                where[tagged] = at
                tagged += 1
    return True, where[:tagged].copy(), tags[:tagged].copy()


@compiled
def decode_relations(
    data: NDArray[Any], fields: NDArray[Any], column_of: NDArray[Any], n_columns: int,
    useful: NDArray[Any],
) -> Any:  # fmt: skip  # pragma: no cover - compiled
    """Relations whose value in column 0 is useful, with their members; before them, whether all are sound."""
    n = len(fields)
    own = np.zeros(n, dtype=np.int64)
    versions = np.zeros(n, dtype=np.int32)
    tags = np.full((n, n_columns), -1, dtype=np.int32)
    n_members = np.zeros(n, dtype=np.int32)
    spans = np.zeros((n, 6), dtype=np.int64)
    empty = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32)
    kept = 0
    for relation in range(n):
        pos, end = fields[relation, 2], fields[relation, 3]
        keys, vals = (pos, pos), (pos, pos)
        version, visible = np.int64(0), True
        own[kept] = 0
        spans[kept] = pos
        while pos < end:
            number, wire, value, pos = next_field(data, pos, end)
            if pos < 0:
                return False, own, versions, tags, n_members, empty[0], empty[1], empty[2]
            if wire == 0 and number == 1:
                own[kept] = value
            if wire == 2:
                if number == 4:
                    version, visible = _info(data, value, pos)
                elif number == 2:
                    keys = (value, pos)
                elif number == 3:
                    vals = (value, pos)
                elif 8 <= number <= 10:
                    spans[kept, 2 * (number - 8)] = value
                    spans[kept, 2 * (number - 8) + 1] = pos
        tags[kept] = -1
        if version < 0 or not _read_tags(data, keys, vals, column_of, tags[kept]):
            return False, own, versions, tags, n_members, empty[0], empty[1], empty[2]
        if tags[kept, 0] >= 0 and useful[tags[kept, 0]]:
            versions[kept] = version if visible else -(version if version > 0 else 1)
            n_members[kept] = _count_packed(data, spans[kept, 2], spans[kept, 3])
            kept += 1
    total = n_members[:kept].sum()
    ids = np.zeros(total, dtype=np.int64)
    types = np.zeros(total, dtype=np.int32)
    roles = np.zeros(total, dtype=np.int32)
    k = 0
    for relation in range(kept):
        role_pos, role_end, id_pos, id_end, type_pos, type_end = spans[relation]
        member = np.int64(0)
        for _ in range(n_members[relation]):
            role, role_pos = _varint(data, role_pos, role_end)
            delta, id_pos = _zigzag(data, id_pos, id_end)
            kind, type_pos = _varint(data, type_pos, type_end)
            if role_pos < 0 or id_pos < 0 or type_pos < 0 or not 0 <= role < len(column_of):
                return False, own, versions, tags, n_members, empty[0], empty[1], empty[2]
            member += delta
            ids[k], types[k], roles[k] = member, kind, role
            k += 1
    return (
        True,
        own[:kept].copy(),
        versions[:kept].copy(),
        tags[:kept].copy(),
        n_members[:kept].copy(),
        ids,
        types,
        roles,
    )
