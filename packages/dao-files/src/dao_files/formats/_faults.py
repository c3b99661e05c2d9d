"""Conversion of driver errors of files to DaoErrors that name the file; the driver's error stays as the cause."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from dao.errors import DaoError, DataError, NotFoundError, PermissionDeniedError, StoreError

__all__ = ["reading", "storing"]


@contextmanager
def reading(path: str) -> Iterator[None]:
    """Convert all errors of the block, which reads a file, to DaoErrors that name ``path``."""
    try:
        yield
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    except StoreError as error:
        error.message = error.message if path in error.message else f"{path}: {error.message}"
        raise
    except DaoError:
        raise
    except FileNotFoundError as error:
        raise NotFoundError(f"{path} is not there") from error
    except PermissionError as error:
        raise PermissionDeniedError(f"{path} may not be read: {error}") from error
    except RecursionError as error:
        raise StoreError(f"{path} can't be read: it is nested too deeply") from error
    except MemoryError as error:
        raise StoreError(f"{path} can't be read: it needs more memory than is available ({error})") from error
    except Exception as error:  # drivers raise all sorts of errors for damaged files
        raise StoreError(f"{path} can't be read: {_shorten(error)}") from error


@contextmanager
def storing(format_name: str) -> Iterator[None]:
    """Convert encoding errors of the block to a DataError that names the format; errors of the sink pass unchanged."""
    try:
        yield
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError, pa.ArrowKeyError) as error:
        raise DataError(f"{format_name} can't store the data: {_shorten(error)}") from error


def _shorten(error: BaseException) -> str:
    text = str(error) or type(error).__name__
    return text if len(text) <= 600 else f"{text[:600]}..."
