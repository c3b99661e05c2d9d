"""Read by mypy, never run: no public name of dao-files is Any, which may be assigned to anything."""

from __future__ import annotations

import dao_files
import dao_files.formats
import dao_files.manifest
import dao_files.storage
import dao_files.testing


class Other:
    """No public name is one of these: with --strict an ignore that isn't needed is an error."""


known: Other
known = dao_files.Change  # type: ignore[assignment]
known = dao_files.FilesInterface  # type: ignore[assignment]
known = dao_files.Kind  # type: ignore[assignment]
known = dao_files.LocalInterface  # type: ignore[assignment]
known = dao_files.LocalStorage  # type: ignore[assignment]
known = dao_files.MemoryInterface  # type: ignore[assignment]
known = dao_files.MemoryStorage  # type: ignore[assignment]
known = dao_files.Snapshot  # type: ignore[assignment]
known = dao_files.Storage  # type: ignore[assignment]
known = dao_files.formats.FORMATS  # type: ignore[assignment]
known = dao_files.formats.NULL_PARTITION  # type: ignore[assignment]
known = dao_files.formats.FileTask  # type: ignore[assignment]
known = dao_files.formats.Format  # type: ignore[assignment]
known = dao_files.formats.FormatWriter  # type: ignore[assignment]
known = dao_files.formats.close_reader  # type: ignore[assignment]
known = dao_files.formats.get_format  # type: ignore[assignment]
known = dao_files.formats.hive_path  # type: ignore[assignment]
known = dao_files.formats.hive_values  # type: ignore[assignment]
known = dao_files.formats.infer_compression  # type: ignore[assignment]
known = dao_files.formats.infer_format  # type: ignore[assignment]
known = dao_files.formats.register_format  # type: ignore[assignment]
known = dao_files.formats.strip_compression  # type: ignore[assignment]
known = dao_files.manifest.BaseTransport  # type: ignore[assignment]
known = dao_files.manifest.BufferedWriter  # type: ignore[assignment]
known = dao_files.manifest.ManifestStorage  # type: ignore[assignment]
known = dao_files.manifest.MemoryTransport  # type: ignore[assignment]
known = dao_files.manifest.ObjectSettings  # type: ignore[assignment]
known = dao_files.manifest.Once  # type: ignore[assignment]
known = dao_files.manifest.OnceWriter  # type: ignore[assignment]
known = dao_files.manifest.Pieces  # type: ignore[assignment]
known = dao_files.manifest.Spooled  # type: ignore[assignment]
known = dao_files.manifest.Stat  # type: ignore[assignment]
known = dao_files.manifest.Target  # type: ignore[assignment]
known = dao_files.manifest.Transport  # type: ignore[assignment]
known = dao_files.manifest.Upload  # type: ignore[assignment]
known = dao_files.manifest.Writer  # type: ignore[assignment]
known = dao_files.manifest.copy_through  # type: ignore[assignment]
known = dao_files.manifest.info_of  # type: ignore[assignment]
known = dao_files.manifest.list_level  # type: ignore[assignment]
known = dao_files.manifest.native_file  # type: ignore[assignment]
known = dao_files.manifest.pauses  # type: ignore[assignment]
known = dao_files.manifest.put_once  # type: ignore[assignment]
known = dao_files.manifest.vacuum  # type: ignore[assignment]
known = dao_files.manifest.without_mark  # type: ignore[assignment]
known = dao_files.storage.LOG_NAME  # type: ignore[assignment]
known = dao_files.storage.Change  # type: ignore[assignment]
known = dao_files.storage.Kind  # type: ignore[assignment]
known = dao_files.storage.Place  # type: ignore[assignment]
known = dao_files.storage.Snapshot  # type: ignore[assignment]
known = dao_files.storage.Storage  # type: ignore[assignment]
known = dao_files.storage.bears_token  # type: ignore[assignment]
known = dao_files.storage.check_key  # type: ignore[assignment]
known = dao_files.storage.chunks_of  # type: ignore[assignment]
known = dao_files.storage.collect  # type: ignore[assignment]
known = dao_files.storage.filesystem_of  # type: ignore[assignment]
known = dao_files.storage.in_parallel  # type: ignore[assignment]
known = dao_files.storage.is_binary  # type: ignore[assignment]
known = dao_files.storage.is_plain  # type: ignore[assignment]
known = dao_files.storage.join  # type: ignore[assignment]
known = dao_files.storage.key_fault  # type: ignore[assignment]
known = dao_files.storage.key_of_path  # type: ignore[assignment]
known = dao_files.storage.place_of  # type: ignore[assignment]
known = dao_files.storage.read_table  # type: ignore[assignment]
known = dao_files.storage.with_new_token  # type: ignore[assignment]
known = dao_files.testing.FaultyTransport  # type: ignore[assignment]
known = dao_files.testing.StorageSuite  # type: ignore[assignment]
known = dao_files.testing.TransportSuite  # type: ignore[assignment]
