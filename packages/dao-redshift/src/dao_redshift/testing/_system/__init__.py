"""What a database has so that it answers as Redshift: system views, functions, and the tables that the gateway fills.

All of it is in the schema ``_dao_redshift``, which no catalog view shows. The translator gives the schema's name to
what
a client calls by Redshift's; clients never write it.

Tables to be filled, on a connection of their own, for Redshift's logs outlive the client's transaction. Columns in
brackets
have defaults; times are timestamps without zone in UTC; ``session_id`` is what ``pg_backend_pid()`` gives the client; a
``query_id`` comes from ``nextval('_dao_redshift.query_ids')``:

- ``queries`` (shown as stl_query, sys_query_history): query_id, session_id, query_type, status ('running', 'success',
  'failed' or 'canceled'), query_text [user_id, transaction_id, database_name, query_label, start_time, end_time,
  returned_rows, error_message];
- ``loads`` (sys_load_history): query_id, session_id, status ('running', 'completed' or 'aborted'), table_name,
  data_source, file_format [user_id, transaction_id, database_name, start_time, end_time, loaded_rows, loaded_bytes,
  source_file_count, source_file_bytes, error_count, error_message];
- ``load_files`` (stl_load_commits), one row a file: query_id, session_id, filename, file_format, lines_scanned [errors,
  curtime];
- ``load_errors`` (stl_load_errors, sys_load_error_detail): query_id, session_id, table_id, file_name, line_number,
  error_code, error_message [user_id, transaction_id, database_name, start_time, column_name, column_type,
  column_length,
  position, raw_line, raw_field_value];
- ``load_error_values`` (stl_loaderror_detail), the fields of a wrong line up to the wrong one: query_id, session_id,
  filename, line_number, field, colname, value, is_null, type [user_id, col_length];
- ``unloads`` (sys_unload_history): query_id, session_id, status as of loads, file_format, unload_location [user_id,
  transaction_id, database_name, start_time, end_time, compression_format, unloaded_rows, unloaded_files_count,
  unloaded_files_size, error_message];
- ``unload_files`` (stl_unload_log): query_id, session_id, path, start_time, end_time, line_count, transfer_size,
  file_format.

``pg_last_query_id()``, ``pg_last_copy_id()``, ``pg_last_copy_count()`` and ``pg_last_unload_id()``,
``pg_last_unload_count()`` answer what the session's own parameters say, set on the client's connection by
``SELECT set_config('dao_redshift.last_query_id', '42', false)`` and so on.
"""

from __future__ import annotations

from dao_redshift.testing._system._install import install

__all__ = ["install"]
